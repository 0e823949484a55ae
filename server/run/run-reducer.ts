import { TandemError } from '../../shared/errors.js';
import { planRound, type PlanSettings, type Turn } from './plan-round.js';

/**
 * The course of a run as a pure function of events: who trains when, in which order the lane takes steps, when bottoms
 * are exchanged, when to evaluate, when it is over. It knows nothing of sockets, tensors or time.
 */
export interface RunState {
  readonly settings: PlanSettings & { readonly clients: number };
  readonly phase: 'gathering' | 'training' | 'merging' | 'evaluating' | 'finished';
  readonly members: readonly Member[];
  readonly round: number;
  /** Turns of this round that have not begun. */
  readonly turns: readonly Turn[];
  readonly turn: ActiveTurn | null;
  /** Clients whose next step has arrived and waits for its place in the order. */
  readonly arrived: readonly number[];
  /** The client whose step the lane is working on. */
  readonly applying: number | null;
  readonly steps: number;
  readonly samples: number;
  /** Clients still evaluating. */
  readonly evaluating: readonly number[];
}

export interface Member {
  readonly client: number;
  readonly samples: number;
  readonly testSamples: number;
  readonly done: number;
  readonly present: boolean;
}

interface ActiveTurn {
  readonly clients: readonly number[];
  /** Places not taken yet; where steps are taken as they arrive, only how many of each client. */
  readonly order: readonly number[];
  readonly uploaded: readonly number[];
}

export type RunInput =
  | { readonly kind: 'joined'; readonly client: number; readonly samples: number; readonly testSamples: number }
  | { readonly kind: 'left'; readonly client: number }
  | { readonly kind: 'step-arrived'; readonly client: number }
  | { readonly kind: 'step-applied'; readonly client: number; readonly samples: number }
  /** The lane refused the step; the client is on its way out. */
  | { readonly kind: 'step-refused'; readonly client: number }
  | { readonly kind: 'bottom-uploaded'; readonly client: number }
  | { readonly kind: 'merged' }
  | { readonly kind: 'evaluated'; readonly client: number };

export type RunEffect =
  | { readonly kind: 'begin-turn'; readonly round: number; readonly work: readonly { client: number; steps: number }[] }
  | { readonly kind: 'apply'; readonly client: number }
  /** Make one bottom of those uploaded; none when all clients of the turn have left. */
  | { readonly kind: 'merge'; readonly round: number; readonly clients: readonly number[] }
  | { readonly kind: 'begin-evaluation'; readonly round: number; readonly clients: readonly number[] }
  | { readonly kind: 'finish'; readonly error: TandemError | null };

type Step = readonly [RunState, readonly RunEffect[]];

export function initialRun(settings: RunState['settings']): RunState {
  return {
    settings,
    phase: 'gathering',
    members: [],
    round: 0,
    turns: [],
    turn: null,
    arrived: [],
    applying: null,
    steps: 0,
    samples: 0,
    evaluating: [],
  };
}

export function reduceRun(state: RunState, input: RunInput): Step {
  if (state.phase === 'finished') return [state, []];
  switch (input.kind) {
    case 'joined': {
      const { client, samples, testSamples } = input;
      const others = state.members.filter((member) => member.client !== client);
      const member: Member = { client, samples, testSamples, done: 0, present: true };
      const members = [...others, member].sort((a, b) => a.client - b.client);
      const next = { ...state, members };
      return members.length === state.settings.clients ? beginRound(next) : [next, []];
    }
    case 'left':
      return leave(state, input.client);
    case 'step-arrived':
      return takeNext({ ...state, arrived: [...state.arrived, input.client] });
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
      if (!state.turn) return [state, []];
      const uploaded = [...state.turn.uploaded, input.client];
      return takeNext({ ...state, turn: { ...state.turn, uploaded } });
    }
    case 'merged':
      return beginTurn({ ...state, turn: null });
    case 'evaluated':
      return endEvaluation({ ...state, evaluating: state.evaluating.filter((client) => client !== input.client) });
  }
}

/** Whether a client's steps are expected now. */
export function isTraining(state: RunState, client: number): boolean {
  return state.phase === 'training' && (state.turn?.order.includes(client) ?? false);
}

function beginRound(state: RunState): Step {
  const workers = state.members.filter((member) => member.present);
  const turns = planRound(state.settings, workers, state.round, state.steps);
  return turns.length > 0 ? beginTurn({ ...state, turns }) : beginEvaluation(state);
}

function beginTurn(state: RunState): Step {
  const [next, ...turns] = state.turns;
  if (!next) return beginRound({ ...state, round: state.round + 1 });
  const present = (client: number) => state.members.some((member) => member.client === client && member.present);
  const clients = next.clients.filter(present);
  if (clients.length === 0) return beginTurn({ ...state, turns });
  const order = next.order.filter(present);
  const work = clients.map((client) => ({ client, steps: order.filter((place) => place === client).length }));
  const turn = { clients, order, uploaded: [] };
  return [
    { ...state, phase: 'training', turns, turn, arrived: [] },
    [{ kind: 'begin-turn', round: state.round, work }],
  ];
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
    return [{ ...state, arrived, applying: client, turn: { ...turn, order } }, [{ kind: 'apply', client }]];
  }
  if (turn.order.length > 0 || turn.uploaded.length < turn.clients.length) return [state, []];
  const clients = turn.uploaded;
  return [{ ...state, phase: 'merging' }, [{ kind: 'merge', round: state.round, clients }]];
}

/** Whose step is due: the next in the order, or the first to arrive; undefined when it has not come. */
function nextClient({ settings, arrived }: RunState, { order }: ActiveTurn): number | undefined {
  if (settings.schedule.order === 'arrival') return arrived.find((client) => order.includes(client));
  const [next] = order;
  return next !== undefined && arrived.includes(next) ? next : undefined;
}

function leave(state: RunState, client: number): Step {
  if (state.phase === 'gathering') {
    return [{ ...state, members: state.members.filter((member) => member.client !== client) }, []];
  }
  const members = state.members.map((member) => (member.client === client ? { ...member, present: false } : member));
  const others = (clients: readonly number[]) => clients.filter((other) => other !== client);
  const { turn } = state;
  const next: RunState = {
    ...state,
    members,
    arrived: others(state.arrived),
    evaluating: others(state.evaluating),
    // A bottom that was uploaded still counts.
    turn: turn && {
      clients: turn.uploaded.includes(client) ? turn.clients : others(turn.clients),
      order: others(turn.order),
      uploaded: turn.uploaded,
    },
  };
  if (!members.some((member) => member.present)) {
    const error = new TandemError('NO_CLIENTS', `all clients left after ${state.steps} steps`);
    return [{ ...next, phase: 'finished' }, [{ kind: 'finish', error }]];
  }
  return state.phase === 'evaluating' ? endEvaluation(next) : takeNext(next);
}

function beginEvaluation(state: RunState): Step {
  const able = state.members.filter((member) => member.present && member.testSamples > 0);
  const evaluating = able.map((member) => member.client);
  const next: RunState = { ...state, phase: 'evaluating', evaluating };
  if (evaluating.length === 0) return endEvaluation(next);
  return [next, [{ kind: 'begin-evaluation', round: state.round, clients: evaluating }]];
}

function endEvaluation(state: RunState): Step {
  if (state.evaluating.length > 0) return [state, []];
  return [{ ...state, phase: 'finished' }, [{ kind: 'finish', error: null }]];
}
