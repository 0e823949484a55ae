import { isDue, isExhausted, unwatched, watched } from '../../shared/early-stopping.js';
import { TandemError } from '../../shared/errors.js';
import { afterTheEnd, fail } from './failure.js';
import { causesOf, withLost } from './lost-clients.js';
import { planRound } from './plan-round.js';
import type { ActiveTurn, CourseSettings, Member, RunEffect, RunInput, RunState } from './run-state.js';
import { quorumJoined, stragglersOf } from './stragglers.js';
import { smallest } from '../../shared/extremes.js';

type Step = readonly [RunState, readonly RunEffect[]];

/**
 * The course of a run as a pure function of events: who trains when, in which order lanes take steps, when bottoms
 * are exchanged, whom to wait for, when to evaluate, when it is over. It knows nothing of sockets, tensors or clocks.
 */
export function initialRun(settings: CourseSettings): RunState {
  return {
    settings,
    phase: 'gathering',
    failure: null,
    members: [],
    round: 0,
    turns: [],
    turn: null,
    arrived: [],
    placed: 0,
    replay: [],
    applying: null,
    steps: 0,
    samples: 0,
    watch: unwatched,
    evaluating: [],
    heard: [],
    lost: [],
  };
}

export function reduceRun(state: RunState, input: RunInput): Step {
  if (state.phase === 'finished') return afterTheEnd(state, input);
  switch (input.kind) {
    case 'joined':
      return join(state, input);
    case 'left':
      return leave(state, input);
    case 'step-arrived':
      if (isLagging(state, input.client)) {
        const release = { kind: 'release', client: input.client, round: state.round } as const;
        return [catchUp(state, input.client), [release]];
      }
      return takeNext(heard({ ...state, arrived: [...state.arrived, input.client] }, input.client));
    case 'step-applied': {
      const { client, samples } = input;
      const members = state.members.map((member) =>
        member.client === client ? { ...member, done: member.done + 1 } : member,
      );
      const totals = { steps: state.steps + 1, samples: state.samples + samples };
      return takeNext({ ...state, ...totals, members, applying: null });
    }
    case 'step-refused':
      return takeNext({ ...state, applying: null });
    case 'bottom-uploaded': {
      if (isLagging(state, input.client)) return [catchUp(state, input.client), []];
      if (!state.turn) return [state, []];
      const uploaded = [...state.turn.uploaded, input.client];
      return takeNext(heard({ ...state, turn: { ...state.turn, uploaded } }, input.client));
    }
    case 'merged':
      return beginTurn({ ...state, turn: null });
    case 'queried':
      return [heard(state, input.client), []];
    case 'evaluated':
      if (isLagging(state, input.client)) return [catchUp(state, input.client), []];
      return endEvaluation({ ...state, evaluating: state.evaluating.filter((client) => client !== input.client) });
    case 'scored':
      return decide(state, input.value);
    case 'failed':
      return fail(state, input.error);
    case 'deadline-passed':
      return passDeadline(state);
  }
}

/** Whether a client's bottom is waited for; what comes later is left aside. */
export function isAwaited({ turn }: RunState, client: number): boolean {
  return turn?.clients.includes(client) ?? false;
}

function join(state: RunState, { client, samples, testSamples }: RunInput & { kind: 'joined' }): Step {
  const others = state.members.filter((member) => member.client !== client);
  // Only a run that waits for its clients once more has some that are not there, and have done something.
  const before = state.phase === 'gathering' ? state.members.find((member) => member.client === client) : undefined;
  const done = before?.samples === samples ? before.done : 0;
  const member: Member = { client, samples, testSamples, done, present: true, lagging: false };
  const members = [...others, member].sort((a, b) => a.client - b.client);
  const next = { ...state, members };
  // Who comes late takes part from the next round on.
  if (state.phase !== 'gathering') return [next, []];
  if (members.filter(({ present }) => present).length === state.settings.clients) return beginRound(next);
  return members.length === 1 ? withDeadline([next, []]) : [next, []];
}

function beginRound(state: RunState): Step {
  const workers = state.members.filter(isReady);
  if (workers.length === 0) return noClients(state);
  const turns = planRound(state.settings, workers, state.round, state.steps);
  const { watch } = state.settings;
  const due = watch !== undefined && isDue(watch, state.watch, state.round);
  return turns.length === 0 || due ? beginEvaluation({ ...state, turns }) : beginTurn({ ...state, turns });
}

function beginTurn(state: RunState): Step {
  const [next, ...turns] = state.turns;
  if (!next) return beginRound({ ...state, round: state.round + 1 });
  const present = (client: number) => state.members.some((member) => member.client === client && isReady(member));
  const clients = next.clients.filter(present);
  if (clients.length === 0) return beginTurn({ ...state, turns });
  const order = next.order.filter(present);
  const work = clients.map((client) => ({ client, steps: order.filter((place) => place === client).length }));
  const taken = Object.fromEntries(clients.map((client) => [client, 0]));
  const turn: ActiveTurn = { size: clients.length, clients, order, uploaded: [], taken };
  return withDeadline([
    { ...state, phase: 'training', turns, turn, arrived: [] },
    [{ kind: 'begin-turn', round: state.round, work }],
  ]);
}

/** Gives the lane its next step if that has arrived; ends the turn when all is done. */
function takeNext(state: RunState): Step {
  const { turn, applying } = state;
  if (state.phase !== 'training' || !turn || applying !== null) return [state, []];
  const client = nextClient(state, turn);
  if (client !== undefined) {
    const place = turn.order.indexOf(client);
    const order = turn.order.toSpliced(place, 1);
    const arrived = state.arrived.filter((other) => other !== client);
    const taken = { ...turn.taken, [client]: (turn.taken[client] ?? 0) + 1 };
    const lane = { placed: state.placed + 1, replay: state.replay.slice(1), applying: client };
    return [{ ...state, ...lane, arrived, turn: { ...turn, order, taken } }, [{ kind: 'apply', client }]];
  }
  if (turn.order.length > 0 || turn.uploaded.length < turn.clients.length) return [state, []];
  const clients = turn.uploaded;
  return [{ ...state, phase: 'merging' }, [{ kind: 'merge', round: state.round, clients }]];
}

/** Whose step is due: the next in the order, or the first to arrive; undefined when it has not come. */
function nextClient({ settings, arrived, replay }: RunState, { order, taken }: ActiveTurn): number | undefined {
  const { schedule, staleness } = settings;
  const [decided] = replay;
  if (decided !== undefined) return arrived.includes(decided) ? decided : undefined;
  if (schedule.order === 'arrival') {
    const behind = schedule.lanes === 'shared' ? smallest(order.map((client) => taken[client] ?? 0)) : -Infinity;
    const ahead = (client: number) => (schedule.lanes === 'shared' ? (taken[client] ?? 0) - behind : 0);
    return arrived.find((client) => order.includes(client) && ahead(client) <= staleness);
  }
  const [next] = order;
  return next !== undefined && arrived.includes(next) ? next : undefined;
}

function leave(state: RunState, { client, loss }: RunInput & { kind: 'left' }): Step {
  if (state.phase === 'gathering' && state.steps === 0) {
    return [{ ...state, members: state.members.filter((member) => member.client !== client) }, []];
  }
  const members = state.members.map((member) => (member.client === client ? { ...member, present: false } : member));
  if (state.phase === 'gathering') return [{ ...state, members }, []];
  const tookPart = state.members.some((member) => member.client === client && member.present);
  const others = (clients: readonly number[]) => clients.filter((other) => other !== client);
  const { turn } = state;
  const next: RunState = {
    ...state,
    members,
    arrived: others(state.arrived),
    replay: others(state.replay),
    evaluating: others(state.evaluating),
    turn: turn && withoutClients(turn, [client]),
    lost: tookPart ? withLost(state.lost, loss) : state.lost,
  };
  if (!members.some((member) => member.present)) return noClients(next);
  return state.phase === 'evaluating' ? endEvaluation(next) : takeNext(next);
}

function beginEvaluation(state: RunState): Step {
  const able = state.members.filter((member) => isReady(member) && member.testSamples > 0);
  const evaluating = able.map((member) => member.client);
  const next: RunState = { ...state, phase: 'evaluating', evaluating };
  if (evaluating.length === 0) return endEvaluation(next);
  return withDeadline([next, [{ kind: 'begin-evaluation', round: state.round, clients: evaluating }]]);
}

function endEvaluation(state: RunState): Step {
  if (state.evaluating.length > 0) return [state, []];
  if (!state.settings.watch) return finish(state);
  return [{ ...state, phase: 'scoring' }, [{ kind: 'score', round: state.round }]];
}

/** After an evaluation: keeps the best model, and goes on unless the run is over or its patience is. */
function decide(state: RunState, value: number | null): Step {
  const rule = state.settings.watch;
  if (state.phase !== 'scoring' || !rule) return [state, []];
  const watch = watched(rule, state.watch, state.round, value);
  const kept = watch.best === state.watch.best ? [] : [{ kind: 'keep-model', round: state.round } as const];
  const next = { ...state, watch };
  const [after, effects] = state.turns.length === 0 || isExhausted(rule, watch) ? finish(next) : beginRound(next);
  return [after, [...kept, ...effects]];
}

function finish(state: RunState): Step {
  return [{ ...state, phase: 'finished' }, [{ kind: 'finish', error: null }]];
}

/** Why a run that has finished did not go on. */
export function stoppedBy({ turns, steps, settings }: RunState): 'patience' | 'steps' | 'epochs' {
  if (turns.length > 0) return 'patience';
  return steps >= settings.steps ? 'steps' : 'epochs';
}

/** Goes on without those that are not to be waited for any longer, or waits for another deadline. */
function passDeadline(state: RunState): Step {
  switch (state.phase) {
    case 'gathering':
      return quorumJoined(state) ? beginRound(state) : withDeadline([state, []]);
    case 'training': {
      const stragglers = stragglersOf(state);
      const releases = state.arrived.filter((client) => stragglers.includes(client));
      const members = state.members.map((member) =>
        stragglers.includes(member.client) ? { ...member, lagging: !releases.includes(member.client) } : member,
      );
      const arrived = state.arrived.filter((client) => !stragglers.includes(client));
      const turn = state.turn && withoutClients(state.turn, stragglers);
      const [next, effects] = takeNext({ ...state, members, arrived, turn });
      const released = releases.map((client) => ({ kind: 'release', client, round: state.round }) as const);
      const step = [next, [...released, ...effects]] as const;
      return next.phase === 'training' ? withDeadline(step) : step;
    }
    case 'evaluating': {
      const evaluating = state.evaluating.filter((client) => state.heard.includes(client));
      const silent = state.evaluating.filter((client) => !state.heard.includes(client));
      const members = state.members.map((member) =>
        silent.includes(member.client) ? { ...member, lagging: true } : member,
      );
      // Where the run is to go on, somebody must be there to go on with.
      if (state.turns.length > 0 && !members.some(isReady)) return withDeadline([state, []]);
      const step = endEvaluation({ ...state, members, evaluating });
      return step[0].phase === 'evaluating' ? withDeadline(step) : step;
    }
    default:
      return [state, []];
  }
}

/** A turn that no longer waits for some clients; a bottom that was uploaded still counts. */
function withoutClients(turn: ActiveTurn, clients: readonly number[]): ActiveTurn {
  const stays = (client: number) => !clients.includes(client);
  return {
    ...turn,
    clients: turn.clients.filter((client) => stays(client) || turn.uploaded.includes(client)),
    order: turn.order.filter(stays),
  };
}

function withDeadline([state, effects]: Step): Step {
  const { deadline } = state.settings;
  if (deadline === undefined) return [state, effects];
  return [{ ...state, heard: [] }, [...effects, { kind: 'set-deadline', seconds: deadline }]];
}

function heard(state: RunState, client: number): RunState {
  return state.heard.includes(client) ? state : { ...state, heard: [...state.heard, client] };
}

function isReady({ present, lagging }: Member): boolean {
  return present && !lagging;
}

function isLagging({ members }: RunState, client: number): boolean {
  return members.some((member) => member.client === client && member.lagging);
}

function catchUp(state: RunState, client: number): RunState {
  const members = state.members.map((member) => (member.client === client ? { ...member, lagging: false } : member));
  return { ...state, members };
}

function noClients(state: RunState): Step {
  const what = `all clients left or fell silent after ${state.steps} steps`;
  return fail(state, new TandemError('NO_CLIENTS', what + causesOf(state.lost)));
}
