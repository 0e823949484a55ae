import { checkBatch, type Contract } from '../../shared/contract.js';
import { TandemError } from '../../shared/errors.js';
import { identical, type NdArray } from '../../shared/ndarray.js';
import type { Message } from '../../shared/protocol/messages.js';

/**
 * One client's session at the server as a pure function of events. It checks every message against the state and the
 * contract before anything else sees it, and it keeps steps exactly once: a step seen before gets its old reply, a step
 * ahead of its turn is turned back, only `last + 1` is passed on.
 */
export interface SessionState {
  readonly phase: 'opening' | 'joining' | 'waiting' | 'training' | 'uploading' | 'evaluating' | 'inferring' | 'closed';
  readonly contract: Contract;
  /** The last step applied. */
  readonly last: number;
  /** The request the lane has not answered yet. */
  readonly pending: Message<'smashed'> | null;
  /** The last answered request with its reply, for a client that lost it. */
  readonly answered: { readonly request: Message<'smashed'>; readonly reply: Message<'cutGradient'> } | null;
  /** Whether a query waits for its prediction: one at a time, so no client can fill the lane's queue. */
  readonly querying: boolean;
  /** Steps left before the bottom is due. */
  readonly stepsLeft: number;
  readonly round: number;
}

export type SessionInput =
  | { readonly kind: 'received'; readonly message: Message }
  | { readonly kind: 'accepted'; readonly role: 'train' | 'infer' }
  | { readonly kind: 'train'; readonly round: number; readonly steps: number; readonly withOptimizer: boolean }
  | { readonly kind: 'applied'; readonly loss: number; readonly cutGradient: readonly NdArray[] }
  /** The turn has gone on without the client. */
  | { readonly kind: 'release'; readonly round: number }
  | { readonly kind: 'evaluate'; readonly round: number }
  | { readonly kind: 'predicted'; readonly message: Message<'prediction'> }
  | { readonly kind: 'closed'; readonly reason?: string };

export type SessionEffect =
  | { readonly kind: 'send'; readonly message: Message }
  | { readonly kind: 'refuse'; readonly error: TandemError }
  | { readonly kind: 'admit'; readonly hello: Message<'hello'> }
  | { readonly kind: 'ready'; readonly message: Message<'ready'> }
  | { readonly kind: 'step'; readonly message: Message<'smashed'>; readonly rows: number }
  | { readonly kind: 'bottom'; readonly message: Message<'bottom'> }
  | { readonly kind: 'query'; readonly message: Message<'query'> }
  | { readonly kind: 'evaluated' }
  | { readonly kind: 'left'; readonly reason: string };

type Step = readonly [SessionState, readonly SessionEffect[]];

export function initialSession(contract: Contract): SessionState {
  return {
    phase: 'opening',
    contract,
    last: 0,
    pending: null,
    answered: null,
    querying: false,
    stepsLeft: 0,
    round: 0,
  };
}

export function reduceSession(state: SessionState, input: SessionInput): Step {
  if (state.phase === 'closed') return [state, []];
  switch (input.kind) {
    case 'received':
      try {
        return receive(state, input.message);
      } catch (error) {
        if (error instanceof TandemError) return refuse(state, error);
        throw error;
      }
    case 'accepted':
      return [{ ...state, phase: input.role === 'train' ? 'joining' : 'inferring' }, []];
    case 'train': {
      const { round, steps, withOptimizer } = input;
      const next: SessionState = { ...state, phase: 'training', round, stepsLeft: steps };
      return [next, [{ kind: 'send', message: { type: 'train', round, steps, withOptimizer } }]];
    }
    case 'applied':
      return applied(state, input.loss, input.cutGradient);
    case 'release':
      return [
        { ...state, phase: 'waiting', pending: null, stepsLeft: 0 },
        [{ kind: 'send', message: { type: 'release', round: input.round } }],
      ];
    case 'evaluate':
      return [
        { ...state, phase: 'evaluating', round: input.round },
        [{ kind: 'send', message: { type: 'evaluate', round: input.round } }],
      ];
    case 'predicted':
      return [{ ...state, querying: false }, [{ kind: 'send', message: input.message }]];
    case 'closed':
      return [{ ...state, phase: 'closed' }, [{ kind: 'left', reason: input.reason ?? 'the link was lost' }]];
  }
}

function receive(state: SessionState, message: Message): Step {
  switch (message.type) {
    case 'hello':
      expectPhase(state, message, 'opening');
      return [state, [{ kind: 'admit', hello: message }]];
    case 'ready':
      expectPhase(state, message, 'joining');
      return [{ ...state, phase: 'waiting' }, [{ kind: 'ready', message }]];
    case 'smashed':
      return smashed(state, message);
    case 'bottom':
      expectPhase(state, message, 'uploading');
      if (message.round !== state.round) {
        throw new TandemError('BAD_STATE', `a bottom of round ${message.round} came in round ${state.round}`);
      }
      return [{ ...state, phase: 'waiting' }, [{ kind: 'bottom', message }]];
    case 'query':
      expectPhase(state, message, 'evaluating', 'inferring');
      expectAnswered(state, message);
      checkBatch(state.contract, message.tensors, message.labels, 'smashed data');
      return [{ ...state, querying: true }, [{ kind: 'query', message }]];
    case 'evaluated':
      expectPhase(state, message, 'evaluating');
      expectAnswered(state, message);
      return [{ ...state, phase: 'waiting' }, [{ kind: 'evaluated' }]];
    case 'error':
      return [{ ...state, phase: 'closed' }, [{ kind: 'left', reason: `${message.message} (${message.code})` }]];
    case 'bye':
      return [{ ...state, phase: 'closed' }, [{ kind: 'left', reason: 'it said goodbye' }]];
    default:
      throw new TandemError('BAD_STATE', `a client does not send '${message.type}'`);
  }
}

/** Duplicates before gaps: in the other order a lost reply would loop forever. */
function smashed(state: SessionState, message: Message<'smashed'>): Step {
  const { step } = message;
  const seen = step === state.last ? state.answered : null;
  if (seen)
    return [state, [{ kind: 'send', message: sameRequest(message, seen.request) ? seen.reply : conflict(step) }]];
  if (step <= state.last) throw new TandemError('STEP_GAP', `step ${step} was answered long ago`, undefined, step);
  expectPhase(state, message, 'training');
  if (step > state.last + 1) return [state, [{ kind: 'send', message: { type: 'nack', last: state.last } }]];
  if (state.pending) {
    if (sameRequest(message, state.pending)) return [state, []];
    conflict(step);
  }
  if (message.labels.length === 0)
    throw new TandemError('BAD_LABEL', `step ${step} came without labels`, undefined, step);
  const rows = checkBatch(state.contract, message.tensors, message.labels, 'smashed data');
  return [{ ...state, pending: message }, [{ kind: 'step', message, rows }]];
}

function applied(state: SessionState, loss: number, tensors: readonly NdArray[]): Step {
  const { pending } = state;
  if (!pending) return [state, []];
  const reply: Message<'cutGradient'> = { type: 'cutGradient', step: pending.step, loss, durable: 0, tensors };
  const stepsLeft = state.stepsLeft - 1;
  const phase = stepsLeft > 0 ? 'training' : 'uploading';
  const next: SessionState = {
    ...state,
    phase,
    stepsLeft,
    last: pending.step,
    pending: null,
    answered: { request: pending, reply },
  };
  return [next, [{ kind: 'send', message: reply }]];
}

function refuse(state: SessionState, error: TandemError): Step {
  return [
    { ...state, phase: 'closed' },
    [
      { kind: 'refuse', error },
      { kind: 'left', reason: `${error.message} (${error.code})` },
    ],
  ];
}

function expectPhase(state: SessionState, message: Message, ...phases: SessionState['phase'][]): void {
  if (phases.includes(state.phase)) return;
  throw new TandemError('BAD_STATE', `'${message.type}' came while the session was ${state.phase}`);
}

function expectAnswered(state: SessionState, message: Message): void {
  if (!state.querying) return;
  throw new TandemError('BAD_STATE', `'${message.type}' came before the prediction of the query under way`);
}

function sameRequest(a: Message<'smashed'>, b: Message<'smashed'>): boolean {
  const pairs = (left: readonly NdArray[], right: readonly NdArray[]) =>
    left.length === right.length && left.every((array, i) => identical(array, right[i] ?? array));
  return a.step === b.step && pairs(a.tensors, b.tensors) && pairs(a.labels, b.labels);
}

function conflict(step: number): never {
  throw new TandemError('CONFLICT', `step ${step} came twice with different content`, undefined, step);
}
