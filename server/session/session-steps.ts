import { checkBatch } from '../../shared/contract.js';
import { TandemError } from '../../shared/errors.js';
import type { NdArray } from '../../shared/ndarray.js';
import type { Message } from '../../shared/protocol/messages.js';
import { isAligned } from '../../shared/protocol/pace.js';
import { tookStep } from './claims.js';
import { expectCut, expectPhase, refuseLabels } from './expectations.js';
import type { SessionState, Step, StepRequest } from './session-state.js';

/** Smashed data to learn from. */
export function smashed(state: SessionState, message: Message<'smashed'>): Step {
  const { step } = message;
  expectCut(state, message);
  expectNext(state, message);
  const { contract, gradients, pool = false } = state.rules;
  if (pool && !state.sends)
    throw new TandemError('BAD_STATE', `'smashed' came in a turn in which the client learns without the server`);
  refuseLabels(state, message.labels);
  if (!gradients && contract.labels.length > 0 && message.labels.length === 0)
    throw new TandemError('BAD_LABEL', `step ${step} came without labels`, undefined, step);
  const rows = checkBatch(contract, message.tensors, message.labels, 'smashed data');
  const claims = tookStep(state.claims, rows, step);
  return inLine({ ...state, claims }, message, rows);
}

/** A step has its turn at once, or when those before it are answered. */
function inLine(state: SessionState, message: StepRequest, rows: number): Step {
  if (state.pending) return [{ ...state, queued: [...state.queued, message] }, []];
  return [{ ...state, pending: message }, [{ kind: 'step', message, rows }]];
}

/** A step that the client has done by itself. */
export function trained(state: SessionState, message: Message<'trained'>): Step {
  const { step, samples, loss } = message;
  const { whole, contract, pool = false } = state.rules;
  if (!whole && !pool)
    throw new TandemError('BAD_STATE', "'trained' came where the client does not hold the whole model");
  if (pool && state.sends) throw new TandemError('BAD_STATE', "'trained' came in a turn that fills the pool");
  expectNext(state, message);
  if (samples > contract.maxRows) {
    throw new TandemError(
      'BAD_SHAPE',
      `step ${step} reports ${samples} samples, from 1 to ${contract.maxRows} are allowed`,
    );
  }
  if (!Number.isFinite(loss)) {
    throw new TandemError('BAD_VALUE', `the loss of step ${step} is ${loss}`, undefined, step);
  }
  const claims = tookStep(state.claims, samples, step);
  return inLine({ ...state, claims }, message, samples);
}

/** Throws STEP_GAP for a step out of its order, BAD_STATE for one too many or at another time. A session loses and repeats no message, so neither is looked for here. */
function expectNext(state: SessionState, message: StepRequest): void {
  const { last, pending, queued, stepsLeft, rules } = state;
  expectPhase(state, message, 'training');
  const { step } = message;
  const underWay = pending ? 1 + queued.length : 0;
  if (step !== last + underWay + 1) {
    throw new TandemError('STEP_GAP', `step ${step} came, step ${last + underWay + 1} is next`, undefined, step);
  }
  const { window } = rules.pace;
  if (underWay >= Math.min(window, stepsLeft)) {
    const why = underWay < window ? 'the client was told to stop before it' : `${underWay} may be under way at once`;
    throw new TandemError('BAD_STATE', `step ${step} came, and ${why}`, undefined, step);
  }
}

/** The step under way is done; the next one, if it has come, has its turn. */
export function applied(state: SessionState, loss: number, tensors: readonly NdArray[]): Step {
  const { pending, stepsLeft, queued, rules, sends = false } = state;
  if (!pending) return [state, []];
  const [next = null, ...rest] = queued;
  const { step } = pending;
  const isAnswered = pending.type === 'smashed' && isAligned(rules.pace, step);
  const reply: Message = isAnswered ? { type: 'cutGradient', step, loss, tensors } : { type: 'applied', step, loss };
  const after: SessionState = {
    ...state,
    // Who has filled the pool has not changed its bottom.
    phase: stepsLeft > 1 ? 'training' : sends ? 'waiting' : 'uploading',
    stepsLeft: stepsLeft - 1,
    last: step,
    pending: next,
    queued: rest,
    output: null,
  };
  return [
    after,
    [{ kind: 'send', message: reply }, ...(next ? [{ kind: 'step', message: next, rows: rowsOf(next) } as const] : [])],
  ];
}

function rowsOf(request: StepRequest): number {
  return request.type === 'trained' ? request.samples : (request.tensors[0]?.shape[0] ?? 0);
}
