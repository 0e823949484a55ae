import { isRefusalCode, TandemError } from '../shared/errors.js';
import type { ReportedScores } from '../shared/metrics/reported-scores.js';
import type { Message, MessageName } from '../shared/protocol/messages.js';

/**
 * A client's session as a pure function of events. Steps are numbered from 1; the request under way is kept until its
 * reply has come, so it can be sent again as it was.
 */
export interface SessionState {
  readonly phase: 'opening' | 'waiting' | 'training' | 'evaluating' | 'closed';
  readonly hello: Message<'hello'>;
  readonly welcome: Message<'welcome'> | null;
  /** The last step whose gradient has been applied. */
  readonly step: number;
  readonly pending: Message<'smashed'> | null;
  /** Whether the top and the loss are here, so that a step has two halves. */
  readonly holdsTop: boolean;
  /** What was answered to the middle output of the step under way. */
  readonly gradient: Message<'topGradient'> | null;
  readonly work: Message<'train'> | null;
  /** Steps of `work` still to do. */
  readonly stepsLeft: number;
  /** Batches of test samples: all, and those answered. */
  readonly queries: number;
  readonly answered: number;
  readonly round: number;
  /** Loss and metrics of the evaluation so far, where they are computed here. */
  readonly scores: ReportedScores | null;
}

export type SessionInput =
  | { readonly kind: 'opened' }
  | { readonly kind: 'received'; readonly message: Message }
  | {
      readonly kind: 'model-opened';
      readonly samples: number;
      readonly testSamples: number;
      readonly holdsTop: boolean;
    }
  | { readonly kind: 'smashed'; readonly message: Message<'smashed'> }
  | { readonly kind: 'judged'; readonly message: Message<'topGradient'> }
  | { readonly kind: 'learned' }
  | { readonly kind: 'scored'; readonly scores: ReportedScores }
  | { readonly kind: 'query'; readonly message: Message<'query'> }
  | { readonly kind: 'bottom'; readonly message: Message<'bottom'> };

export type SessionEffect =
  | { readonly kind: 'send'; readonly message: Message }
  | { readonly kind: 'open-model'; readonly payload: Uint8Array }
  | { readonly kind: 'load-bottom'; readonly message: Message<'bottom'> }
  | { readonly kind: 'smash'; readonly step: number }
  | { readonly kind: 'judge'; readonly message: Message<'middleOutput'> }
  | { readonly kind: 'learn'; readonly message: Message<'cutGradient'>; readonly samples: number }
  | { readonly kind: 'upload'; readonly round: number; readonly withOptimizer: boolean }
  | { readonly kind: 'query'; readonly batch: number }
  | { readonly kind: 'score'; readonly message: Message<'prediction'>; readonly first: boolean }
  | { readonly kind: 'finish'; readonly message: Message<'finished'> }
  | { readonly kind: 'fail'; readonly error: TandemError };

type Step = readonly [SessionState, readonly SessionEffect[]];

export function initialSession(hello: Message<'hello'>): SessionState {
  return {
    phase: 'opening',
    hello,
    welcome: null,
    step: 0,
    pending: null,
    holdsTop: false,
    gradient: null,
    work: null,
    stepsLeft: 0,
    queries: 0,
    answered: 0,
    round: 0,
    scores: null,
  };
}

export function reduceSession(state: SessionState, input: SessionInput): Step {
  if (state.phase === 'closed') return [state, []];
  switch (input.kind) {
    case 'opened':
      return [state, [{ kind: 'send', message: state.hello }]];
    case 'received':
      return receive(state, input.message);
    case 'model-opened':
      return modelOpened({ ...state, holdsTop: input.holdsTop }, input.samples, input.testSamples);
    case 'smashed':
      return [{ ...state, pending: input.message, gradient: null }, [{ kind: 'send', message: input.message }]];
    case 'judged':
      return [{ ...state, gradient: input.message }, [{ kind: 'send', message: input.message }]];
    case 'learned':
      return learned(state);
    case 'scored':
      return nextQuery({ ...state, scores: input.scores });
    case 'query':
    case 'bottom':
      return [state, [{ kind: 'send', message: input.message }]];
  }
}

/** When the server may send what; a middle output or a cut gradient is judged by its step, a refusal may always come. */
const expected: Partial<Record<MessageName, SessionState['phase']>> = {
  welcome: 'opening',
  model: 'waiting',
  bottom: 'waiting',
  train: 'waiting',
  nack: 'training',
  release: 'training',
  evaluate: 'waiting',
  prediction: 'evaluating',
  finished: 'waiting',
};

function receive(state: SessionState, message: Message): Step {
  // The run may end while a client that was too slow still waits for a reply.
  const ends = message.type === 'finished' && (state.phase === 'training' || state.phase === 'evaluating');
  const phase = ends ? state.phase : (expected[message.type] ?? state.phase);
  if (phase !== state.phase) {
    return fail(state, new TandemError('BAD_STATE', `'${message.type}' came while the session was ${state.phase}`));
  }
  switch (message.type) {
    case 'welcome':
      return [{ ...state, phase: 'waiting', welcome: message }, []];
    case 'model':
      return [state, [{ kind: 'open-model', payload: message.payload }]];
    case 'bottom':
      return [state, [{ kind: 'load-bottom', message }]];
    case 'train': {
      const next: SessionState = { ...state, phase: 'training', work: message, stepsLeft: message.steps };
      return [next, [{ kind: 'smash', step: state.step + 1 }]];
    }
    case 'middleOutput':
      return middleOutput(state, message);
    case 'cutGradient':
      return cutGradient(state, message);
    case 'nack':
      // The server has not seen the step before: what is pending is what it lacks, or the two have lost each other.
      return state.pending?.step === message.last + 1
        ? [state, [{ kind: 'send', message: state.pending }]]
        : fail(
            state,
            new TandemError('STEP_GAP', `the server expects step ${message.last + 1}, step ${state.step} is done here`),
          );
    case 'release':
      return [{ ...state, phase: 'waiting', pending: null, work: null, stepsLeft: 0 }, []];
    case 'evaluate':
      return nextQuery({ ...state, phase: 'evaluating', round: message.round, answered: 0, scores: null });
    case 'prediction': {
      const next = { ...state, answered: state.answered + 1 };
      return state.holdsTop ? [next, [{ kind: 'score', message, first: state.answered === 0 }]] : nextQuery(next);
    }
    case 'finished':
      return [{ ...state, phase: 'closed' }, [{ kind: 'finish', message }]];
    case 'error':
      return fail(state, fromServer(message));
    default:
      return fail(state, new TandemError('BAD_STATE', `a server does not send '${message.type}'`));
  }
}

function modelOpened(state: SessionState, samples: number, testSamples: number): Step {
  const queries = Math.ceil(testSamples / (state.welcome?.batch ?? 1));
  return [{ ...state, queries }, [{ kind: 'send', message: { type: 'ready', samples, testSamples } }]];
}

/** The answer to the first half of a step; what was computed once is not computed again. */
function middleOutput(state: SessionState, message: Message<'middleOutput'>): Step {
  if (message.step <= state.step) return [state, []];
  if (!state.holdsTop || message.step !== state.pending?.step) {
    return fail(
      state,
      new TandemError('BAD_STATE', `the middle output of step ${message.step} came, step ${state.step + 1} is next`),
    );
  }
  return [state, [state.gradient ? { kind: 'send', message: state.gradient } : { kind: 'judge', message }]];
}

function cutGradient(state: SessionState, message: Message<'cutGradient'>): Step {
  // A reply seen before: the request was sent twice because the first reply seemed lost.
  if (message.step <= state.step) return [state, []];
  if (message.step !== state.pending?.step) {
    return fail(
      state,
      new TandemError('BAD_STATE', `a reply to step ${message.step} came, step ${state.step + 1} is next`),
    );
  }
  if (state.holdsTop && !state.gradient) {
    return fail(state, new TandemError('BAD_STATE', `a reply to step ${message.step} came before its middle output`));
  }
  const samples = state.pending.tensors[0]?.shape[0] ?? 0;
  return [state, [{ kind: 'learn', message, samples }]];
}

function learned(state: SessionState): Step {
  const stepsLeft = state.stepsLeft - 1;
  const next: SessionState = { ...state, step: state.step + 1, pending: null, gradient: null, stepsLeft };
  if (stepsLeft > 0) return [next, [{ kind: 'smash', step: next.step + 1 }]];
  const { round, withOptimizer } = state.work ?? { round: 0, withOptimizer: false };
  return [{ ...next, phase: 'waiting' }, [{ kind: 'upload', round, withOptimizer }]];
}

function nextQuery(state: SessionState): Step {
  if (state.answered < state.queries) return [state, [{ kind: 'query', batch: state.answered }]];
  const { round, scores } = state;
  const report = scores ?? { loss: null, sums: [], confusion: [] };
  const message = { type: 'evaluated', round, ...report } as const;
  return [{ ...state, phase: 'waiting' }, [{ kind: 'send', message }]];
}

function fail(state: SessionState, error: TandemError): Step {
  return [{ ...state, phase: 'closed' }, [{ kind: 'fail', error }]];
}

/** The server's refusal as an error here: its words, our table of codes. */
export function fromServer({ code, message, action, step }: Message<'error'>): TandemError {
  const known = isRefusalCode(code) ? code : 'INTERNAL';
  return new TandemError(known, `the server refused: ${message}`, action, step ?? undefined);
}
