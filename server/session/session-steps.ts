import { checkBatch } from '../../shared/contract.js';
import { TandemError } from '../../shared/errors.js';
import type { NdArray } from '../../shared/ndarray.js';
import type { Message } from '../../shared/protocol/messages.js';
import { isAligned } from '../../shared/protocol/pace.js';
import { tookStep } from './claims.js';
import { conflict, expectCut, expectPhase, refuseLabels, same, tooOld } from './expectations.js';
import type { SessionState, Step, StepRequest } from './session-state.js';

/** Duplicates before gaps: in the other order a lost reply would loop forever. */
export function smashed(state: SessionState, message: Message<'smashed'>): Step {
  const { step } = message;
  expectCut(state, message);
  const known = repeated(state, message);
  if (known) return known;
  const { contract, gradients } = state.rules;
  refuseLabels(state, message.labels);
  if (!gradients && contract.labels.length > 0 && message.labels.length === 0)
    throw new TandemError('BAD_LABEL', `step ${step} came without labels`, undefined, step);
  const rows = checkBatch(contract, message.tensors, message.labels, 'smashed data');
  const claims = tookStep(state.claims, rows, step);
  if (state.pending) return [{ ...state, claims, queued: [...state.queued, message] }, []];
  return [{ ...state, claims, pending: message }, [{ kind: 'step', message, rows }]];
}

/** A step that the client has done by itself. */
export function trained(state: SessionState, message: Message<'trained'>): Step {
  const { step, samples, loss } = message;
  const { whole, contract } = state.rules;
  if (!whole) throw new TandemError('BAD_STATE', "'trained' came where the client does not hold the whole model");
  const known = repeated(state, message);
  if (known) return known;
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
  return [{ ...state, claims, pending: message }, [{ kind: 'step', message, rows: samples }]];
}

/** What becomes of a step that may not be taken now; undefined for one that is new and has its turn. */
function repeated(state: SessionState, message: StepRequest): Step | undefined {
  const { step } = message;
  const { last, pending, queued, output, stepsLeft } = state;
  // The last reply tells of all steps before it, and those are compared no more.
  const seen = step <= last && step > last - state.rules.pace.window ? state.answered : null;
  if (seen) {
    if (step === last && !sameRequest(message, seen.request)) conflict(step);
    return [state, [{ kind: 'send', message: seen.reply }]];
  }
  if (step <= last) tooOld(step);
  expectPhase(state, message, 'training');
  const underWay = pending ? [pending, ...queued] : [];
  const twin = underWay.find((other) => other.step === step);
  if (twin) {
    if (!sameRequest(message, twin)) conflict(step);
    return [state, twin === pending && output ? [{ kind: 'send', message: output }] : []];
  }
  if (step > last + 1 + underWay.length || underWay.length >= state.rules.pace.window) {
    return [state, [{ kind: 'send', message: { type: 'nack', last } }]];
  }
  if (underWay.length >= stepsLeft) {
    throw new TandemError('BAD_STATE', `step ${step} came, and the client was told to stop before it`, undefined, step);
  }
  return undefined;
}

/** The step under way is done; the next one, if it has come, has its turn. */
export function applied(state: SessionState, loss: number, tensors: readonly NdArray[]): Step {
  const { pending, stepsLeft, queued } = state;
  if (!pending) return [state, []];
  const [next = null, ...rest] = queued;
  const reply = replyTo(state, pending, loss, tensors);
  const after: SessionState = {
    ...state,
    phase: stepsLeft > 1 ? 'training' : 'uploading',
    stepsLeft: stepsLeft - 1,
    last: pending.step,
    pending: next,
    queued: rest,
    output: null,
    gradient: null,
    answered: { request: pending, gradient: state.gradient, reply },
  };
  return [
    after,
    [
      { kind: 'send', message: reply },
      ...(next ? [{ kind: 'step', message: next, rows: next.tensors[0]?.shape[0] ?? 0 } as const] : []),
    ],
  ];
}

function replyTo(
  { rules }: SessionState,
  { type, step }: StepRequest,
  loss: number,
  tensors: readonly NdArray[],
): NonNullable<SessionState['answered']>['reply'] {
  return type === 'smashed' && isAligned(rules.pace, step)
    ? { type: 'cutGradient', step, loss, tensors }
    : { type: 'applied', step, loss };
}

function sameRequest(a: StepRequest, b: StepRequest): boolean {
  if (a.type === 'smashed') return b.type === 'smashed' && same(a.tensors, b.tensors) && same(a.labels, b.labels);
  return b.type === 'trained' && a.samples === b.samples && Object.is(a.loss, b.loss);
}
