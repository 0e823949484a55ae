import { isDue } from '../../shared/early-stopping.js';
import { TandemError } from '../../shared/errors.js';
import { ActiveTurn } from './active-turn.js';
import { catchesUp, hear, isMissing, isReady, miss, present, ready } from './attendance.js';
import { fail } from './failure.js';
import { causesOf, withLost } from './lost-clients.js';
import { planRound } from './plan-round.js';
import { laneOf, type RunEffect, type RunInput, type RunState } from './run-state.js';
import { idleEvaluators, quorumJoined, stragglersOf, type Straggler } from './stragglers.js';
import { decide, evaluationOver } from './after-evaluation.js';

type Effects = readonly RunEffect[];

/**
 * Decides the course of a run: who trains when, the order of steps, when bottoms are exchanged, whom to wait for, when to evaluate and to end.
 * Changes the state by an event, and returns the effects to perform. It knows no sockets, tensors or clocks, and an event costs the same however
 * many clients there are and however long the round is.
 */
export function advanceRun(state: RunState, input: RunInput): Effects {
  if (state.phase === 'finished') return afterTheEnd(state, input);
  switch (input.kind) {
    case 'joined':
      return join(state, input);
    case 'left':
      return leave(state, input);
    case 'step-arrived':
      if (catchesUp(state, input.client)) return released(state, input.client);
      hear(state, input.client, 1);
      state.turn?.arrive(input.client);
      return goOn(state, laneOf(state, input.client));
    case 'half-done':
      if (!state.turn?.waitsFor(input.client))
        return [...undo(state, input.client), ...goOn(state, laneOf(state, input.client))];
      state.owing.add(input.client);
      return [];
    case 'gradient-arrived':
      if (catchesUp(state, input.client)) return released(state, input.client);
      hear(state, input.client);
      state.owing.delete(input.client);
      return [{ kind: 'second-half', client: input.client }];
    case 'step-applied': {
      const member = state.members.get(input.client);
      if (member) member.done++;
      if (member && state.turn?.sends) member.sent = (member.sent ?? 0) + 1;
      state.turn?.count(input.client);
      state.steps++;
      state.samples += input.samples;
      return freeLane(state, input.client);
    }
    case 'step-refused':
      miss(state, input.client, 1);
      return freeLane(state, input.client);
    case 'bottom-uploaded':
      if (catchesUp(state, input.client)) return [{ kind: 'caught-up' }];
      hear(state, input.client);
      state.turn?.upload(input.client);
      return goOn(state, laneOf(state, input.client));
    case 'merged':
      state.unsent = state.turn?.sends ? 0 : state.unsent + 1;
      state.turn = null;
      return beginTurn(state);
    case 'queried':
      hear(state, input.client, input.samples / state.settings.batch);
      state.asking.set(input.client, (state.asking.get(input.client) ?? 0) + 1);
      return [];
    case 'predicted':
      state.asking.set(input.client, (state.asking.get(input.client) ?? 1) - 1);
      return [];
    case 'evaluated':
      if (catchesUp(state, input.client)) return [{ kind: 'caught-up' }];
      state.evaluating.delete(input.client);
      return endEvaluation(state);
    case 'scored':
      return decide(state, input, state.turns.length === 0, () => beginRound(state));
    case 'failed':
      return fail(state, input.error);
    case 'resumed':
      return [...goOn(state, 0), ...(isAt(state, 'training') || isAt(state, 'evaluating') ? withDeadline(state) : [])];
    case 'deadline-passed':
      return passDeadline(state);
  }
}

/** Whether a client's bottom is waited for; one that comes later is ignored. */
export function isAwaited({ turn }: RunState, client: number): boolean {
  return turn?.waitsFor(client) ?? false;
}

function join(state: RunState, { client, samples, testSamples }: RunInput & { kind: 'joined' }): Effects {
  const { members } = state;
  const { done = 0, missed = 0, sent = 0 } = members.get(client) ?? {};
  members.set(client, { client, samples, testSamples, done, missed, present: true, lagging: false, slow: 0 });
  if (sent > 0) Object.assign(members.get(client) ?? {}, { sent });
  state.asking.delete(client);
  // A late client takes part from the next round on.
  if (state.phase !== 'gathering') return [];
  if (members.size === state.settings.clients && !isMissing(state)) return beginRound(state);
  return present(state) === 1 ? withDeadline(state) : [];
}

/** The turn has gone on without this client: its step does not count, and it takes part again in the next round. */
function released({ round }: RunState, client: number): Effects {
  return [{ kind: 'caught-up' }, { kind: 'release', client, round }];
}

function beginRound(state: RunState): Effects {
  const workers = ready(state);
  if (workers.length === 0) return noClients(state);
  const { settings, unsent } = state;
  state.turns = planRound(settings, workers, state.round, state.steps - sentSteps(state), unsent);
  const { earlyStopping, pool } = settings;
  // With a pool, the top has learned something only after a turn that fills it.
  const due =
    earlyStopping !== undefined &&
    isDue(earlyStopping, state.earlyStopping, state.round) &&
    (pool === undefined || unsent === 0);
  return state.turns.length === 0 || due ? beginEvaluation(state) : beginTurn(state);
}

/** How many steps of the run filled a pool, from which clients learn nothing. */
function sentSteps({ members, settings }: RunState): number {
  if (settings.pool === undefined) return 0;
  return [...members.values()].reduce((steps, { sent = 0 }) => steps + sent, 0);
}

function beginTurn(state: RunState): Effects {
  const { settings, round, turns } = state;
  for (let planned = turns.shift(); planned; planned = turns.shift()) {
    const turn = ActiveTurn.begin(settings, planned, round, (client) => isReady(state.members.get(client)));
    if (!turn) continue;
    Object.assign(state, { phase: 'training', turn });
    return [
      { kind: 'begin-turn', round, work: turn.work, ...(turn.sends ? { sends: true } : {}) },
      ...withDeadline(state),
    ];
  }
  state.round++;
  return beginRound(state);
}

function freeLane(state: RunState, client: number): Effects {
  const lane = laneOf(state, client);
  state.busy.delete(lane);
  return goOn(state, lane);
}

/** Gives a lane its next step if it has arrived; ends the turn when all is done. */
function goOn(state: RunState, lane: number): Effects {
  const { turn, busy, replay, settings } = state;
  if (state.phase !== 'training' || !turn) return [];
  if (!busy.has(lane)) {
    const isShared = settings.schedule.lanes === 'shared';
    const client = turn.next(isShared ? replay[0] : lane);
    if (client !== undefined) {
      turn.take(client);
      state.replay = replay.slice(1);
      state.placed++;
      busy.set(lane, client);
      return [{ kind: 'apply', client }];
    }
  }
  if (!turn.isComplete || busy.size > 0) return [];
  state.phase = 'merging';
  return [{ kind: 'merge', round: state.round, clients: turn.uploaded }];
}

function leave(state: RunState, { client, loss }: RunInput & { kind: 'left' }): Effects {
  const member = state.members.get(client);
  if (state.phase === 'gathering') {
    if (state.steps === 0) state.members.delete(client);
    else if (member) member.present = false;
    return [];
  }
  if (member?.present) state.lost = withLost(state.lost, loss);
  if (member) member.present = false;
  const part = state.turn?.drop(client);
  // A client that leaves a turn before its first step costs its place a step, so that comings and goings end some day.
  if (part?.done === 0 && state.busy.get(laneOf(state, client)) !== client) miss(state, client, 1);
  state.owing.delete(client);
  state.replay = state.replay.filter((other) => other !== client);
  state.evaluating.delete(client);
  if (![...state.members.values()].some(({ present }) => present)) return noClients(state);
  return state.phase === 'evaluating' ? endEvaluation(state) : goOn(state, laneOf(state, client));
}

function beginEvaluation(state: RunState): Effects {
  const clients = ready(state).flatMap(({ client, testSamples }) => (testSamples > 0 ? [client] : []));
  Object.assign(state, { phase: 'evaluating', evaluating: new Set(clients) });
  if (clients.length === 0) return endEvaluation(state);
  return [{ kind: 'begin-evaluation', round: state.round, clients }, ...withDeadline(state)];
}

function endEvaluation(state: RunState): Effects {
  return state.evaluating.size > 0 ? [] : evaluationOver(state);
}

/** Goes on without stragglers, or waits for another deadline. */
function passDeadline(state: RunState): Effects {
  switch (state.phase) {
    case 'gathering':
      return quorumJoined(state) ? beginRound(state) : withDeadline(state);
    case 'training': {
      // After a crash the order is replayed: each of these clients comes back, or its session ends.
      if (state.replay.length > 0) return withDeadline(state);
      const released = stragglersOf(state).flatMap((straggler) => letGo(state, straggler));
      const effects = [...released, ...goOn(state, 0)];
      return isAt(state, 'training') ? [...effects, ...withDeadline(state)] : effects;
    }
    case 'evaluating': {
      const { members } = state;
      const silent = idleEvaluators(state);
      // If training goes on after this, somebody must be left to train.
      const others = ready(state).filter(({ client }) => !silent.includes(client));
      if (state.turns.length > 0 && others.length === 0) return withDeadline(state);
      for (const client of silent) {
        Object.assign(members.get(client) ?? {}, { lagging: true });
        state.evaluating.delete(client);
      }
      const effects = endEvaluation(state);
      return state.evaluating.size > 0 ? [...effects, ...withDeadline(state)] : effects;
    }
    default:
      return [];
  }
}

/** The turn goes on without a client, which is told so where it waits for a reply. A slow one has missed its steps of this turn. */
function letGo(state: RunState, { client, why }: Straggler): Effects {
  const waits = state.turn?.hasArrived(client) ?? false;
  Object.assign(state.members.get(client) ?? {}, { lagging: !waits });
  const part = state.turn?.drop(client);
  if (why === 'slow') miss(state, client, part?.undone ?? 0);
  if (why === 'silent' && part?.done === 0) miss(state, client, 1);
  if (state.owing.has(client)) return undo(state, client);
  return waits ? [{ kind: 'release', client, round: state.round }] : [];
}

/** Frees a lane whose client is no longer waited for between the halves of its step. */
function undo(state: RunState, client: number): Effects {
  state.owing.delete(client);
  state.busy.delete(laneOf(state, client));
  return [{ kind: 'undo', client }];
}

function withDeadline({ settings, heard }: RunState): Effects {
  if (settings.deadline === undefined) return [];
  heard.clear();
  return [{ kind: 'set-deadline', seconds: settings.deadline }];
}

function isAt({ phase }: RunState, wanted: RunState['phase']): boolean {
  return phase === wanted;
}

function noClients(state: RunState): Effects {
  const what = `all clients left or fell silent after ${state.steps} steps`;
  return fail(state, new TandemError('NO_CLIENTS', what + causesOf(state.lost)));
}

/** Why a run that has finished did not go on. */
export function stoppedBy(state: RunState): 'patience' | 'steps' | 'epochs' {
  const { turns, steps, settings } = state;
  if (turns.length > 0) return 'patience';
  return steps - sentSteps(state) >= settings.steps ? 'steps' : 'epochs';
}

/** After the end only a step that a lane is still doing counts, and a failure. */
function afterTheEnd(state: RunState, input: RunInput): Effects {
  switch (input.kind) {
    case 'step-applied':
    case 'step-refused':
      state.busy.delete(laneOf(state, input.client));
      return [];
    case 'failed':
      return state.failure ? [] : fail(state, input.error);
    default:
      return [];
  }
}
