import { checkAlike, checkBatch, type Contract } from '../../shared/contract.js';
import { TandemError } from '../../shared/errors.js';
import { checkReport, type ReportContract } from '../../shared/metrics/reported-scores.js';
import { identical, type NdArray, type TensorSpec } from '../../shared/ndarray.js';
import type { Message } from '../../shared/protocol/messages.js';

/** What comes back from a client that has the loss. */
export interface ClientLoss {
  /** The gradients of the lane's outputs. */
  readonly gradients: readonly TensorSpec[];
  /** What it reports of an evaluation. */
  readonly report: ReportContract;
}

/**
 * One client's session at the server as a pure function of events. It checks every message against the state and the
 * contract before anything else sees it, and it keeps steps exactly once: a step seen before gets its old reply, a step
 * ahead of its turn is turned back, only `last + 1` is passed on.
 */
export interface SessionState {
  readonly phase: 'opening' | 'joining' | 'waiting' | 'training' | 'uploading' | 'evaluating' | 'inferring' | 'closed';
  readonly contract: Contract;
  /** Null where the server has the loss; otherwise each step has two halves. */
  readonly clientLoss: ClientLoss | null;
  /** The last step applied. */
  readonly last: number;
  /** The request the lane has not answered yet. */
  readonly pending: Message<'smashed'> | null;
  /** The answer to the first half of the step under way, and the request of its second half. */
  readonly output: Message<'middleOutput'> | null;
  readonly gradient: Message<'topGradient'> | null;
  /** The last answered step with its reply, for a client that lost it. */
  readonly answered: {
    readonly request: Message<'smashed'>;
    readonly gradient: Message<'topGradient'> | null;
    readonly reply: Message<'cutGradient'>;
  } | null;
  /** Whether a query waits for its prediction: one at a time, so no client can fill the lane's queue. */
  readonly querying: boolean;
  /** Steps left before the bottom is due. */
  readonly stepsLeft: number;
  readonly round: number;
}

export type SessionInput =
  | { readonly kind: 'received'; readonly message: Message }
  /** What this client must keep to, where that is known only after its hello. */
  | { readonly kind: 'contracted'; readonly contract: Contract; readonly clientLoss: ClientLoss | null }
  | { readonly kind: 'accepted'; readonly role: 'train' | 'infer' }
  | { readonly kind: 'train'; readonly round: number; readonly steps: number; readonly withOptimizer: boolean }
  /** The first half of a step is done. */
  | { readonly kind: 'forwarded'; readonly outputs: readonly NdArray[] }
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
  | { readonly kind: 'gradient'; readonly message: Message<'topGradient'> }
  | { readonly kind: 'bottom'; readonly message: Message<'bottom'> }
  | { readonly kind: 'query'; readonly message: Message<'query'> }
  | { readonly kind: 'evaluated'; readonly message: Message<'evaluated'> }
  | { readonly kind: 'left'; readonly reason: string };

type Step = readonly [SessionState, readonly SessionEffect[]];

export function initialSession(contract: Contract, clientLoss: ClientLoss | null = null): SessionState {
  return {
    phase: 'opening',
    contract,
    clientLoss,
    last: 0,
    pending: null,
    output: null,
    gradient: null,
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
    case 'contracted':
      return [{ ...state, contract: input.contract, clientLoss: input.clientLoss }, []];
    case 'accepted':
      return [{ ...state, phase: input.role === 'train' ? 'joining' : 'inferring' }, []];
    case 'train': {
      const { round, steps, withOptimizer } = input;
      const next: SessionState = { ...state, phase: 'training', round, stepsLeft: steps };
      return [next, [{ kind: 'send', message: { type: 'train', round, steps, withOptimizer } }]];
    }
    case 'forwarded':
      return forwarded(state, input.outputs);
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
    case 'topGradient':
      return topGradient(state, message);
    case 'bottom':
      expectPhase(state, message, 'uploading');
      if (message.round !== state.round) {
        throw new TandemError('BAD_STATE', `a bottom of round ${message.round} came in round ${state.round}`);
      }
      return [{ ...state, phase: 'waiting' }, [{ kind: 'bottom', message }]];
    case 'query':
      expectPhase(state, message, 'evaluating', 'inferring');
      expectAnswered(state, message);
      refuseLabels(state, message.labels);
      checkBatch(state.contract, message.tensors, message.labels, 'smashed data');
      return [{ ...state, querying: true }, [{ kind: 'query', message }]];
    case 'evaluated':
      expectPhase(state, message, 'evaluating');
      expectAnswered(state, message);
      checkReport(state.clientLoss?.report ?? null, message);
      return [{ ...state, phase: 'waiting' }, [{ kind: 'evaluated', message }]];
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
    if (sameRequest(message, state.pending)) {
      return [state, state.output ? [{ kind: 'send', message: state.output }] : []];
    }
    conflict(step);
  }
  refuseLabels(state, message.labels);
  if (!state.clientLoss && message.labels.length === 0)
    throw new TandemError('BAD_LABEL', `step ${step} came without labels`, undefined, step);
  const rows = checkBatch(state.contract, message.tensors, message.labels, 'smashed data');
  return [{ ...state, pending: message }, [{ kind: 'step', message, rows }]];
}

/** The second half of a step; duplicates before gaps here too. */
function topGradient(state: SessionState, message: Message<'topGradient'>): Step {
  const { step } = message;
  if (!state.clientLoss) throw new TandemError('BAD_STATE', "'topGradient' came where the server has the loss");
  const { answered, pending, output, gradient } = state;
  if (step === state.last && answered?.gradient) {
    return [
      state,
      [{ kind: 'send', message: sameGradient(message, answered.gradient) ? answered.reply : conflict(step) }],
    ];
  }
  if (step <= state.last) throw new TandemError('STEP_GAP', `step ${step} was answered long ago`, undefined, step);
  expectPhase(state, message, 'training');
  if (step > state.last + 1) return [state, [{ kind: 'send', message: { type: 'nack', last: state.last } }]];
  if (!pending || !output) {
    throw new TandemError('BAD_STATE', `the gradient of step ${step} came before its middle output`, undefined, step);
  }
  if (gradient) {
    if (sameGradient(message, gradient)) return [state, []];
    conflict(step);
  }
  const contract = { tensors: state.clientLoss.gradients, labels: [], maxRows: state.contract.maxRows };
  checkBatch(contract, message.tensors, [], 'top gradient');
  checkAlike(message.tensors, output.tensors, 'top gradient');
  if (!Number.isFinite(message.loss)) {
    throw new TandemError('BAD_VALUE', `the loss of step ${step} is ${message.loss}`, undefined, step);
  }
  return [{ ...state, gradient: message }, [{ kind: 'gradient', message }]];
}

function forwarded(state: SessionState, tensors: readonly NdArray[]): Step {
  if (!state.pending) return [state, []];
  const output: Message<'middleOutput'> = { type: 'middleOutput', step: state.pending.step, tensors };
  return [{ ...state, output }, [{ kind: 'send', message: output }]];
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
    output: null,
    gradient: null,
    answered: { request: pending, gradient: state.gradient, reply },
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

/** Labels that were sent by mistake are not even looked at. */
function refuseLabels(state: SessionState, labels: readonly NdArray[]): void {
  if (!state.clientLoss || labels.length === 0) return;
  throw new TandemError('BAD_LABEL', 'labels came, and in this topology they stay at the client', 'send none');
}

function sameRequest(a: Message<'smashed'>, b: Message<'smashed'>): boolean {
  return a.step === b.step && same(a.tensors, b.tensors) && same(a.labels, b.labels);
}

function sameGradient(a: Message<'topGradient'>, b: Message<'topGradient'>): boolean {
  return a.step === b.step && Object.is(a.loss, b.loss) && same(a.tensors, b.tensors);
}

function same(left: readonly NdArray[], right: readonly NdArray[]): boolean {
  return left.length === right.length && left.every((array, i) => identical(array, right[i] ?? array));
}

function conflict(step: number): never {
  throw new TandemError('CONFLICT', `step ${step} came twice with different content`, undefined, step);
}
