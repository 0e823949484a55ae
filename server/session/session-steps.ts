import { checkAlike, checkBatch } from '../../shared/contract.js';
import { TandemError } from '../../shared/errors.js';
import type { NdArray } from '../../shared/ndarray.js';
import type { Message } from '../../shared/protocol/messages.js';
import { isAligned } from '../../shared/protocol/pace.js';
import { expectPhase } from './expectations.js';
import type { Heard, SessionEffect, SessionState, Step, StepRequest } from './session-state.js';

/** Passes a message on to the run. */
export function heard(message: Heard, rows = 0): SessionEffect {
  return { kind: 'heard', message, rows };
}

/** The second half of a step, where the client has the loss. */
export function topGradient(state: SessionState, message: Message<'topGradient'>): Step {
  const { step } = message;
  const { gradients, contract } = state.rules;
  if (!gradients) throw new TandemError('BAD_STATE', "'topGradient' came where the server has the loss");
  expectPhase(state, message, 'training');
  const { output } = state;
  if (output?.step !== step) {
    const why = output ? `that of step ${output.step} is next` : 'no middle output waits for one';
    throw new TandemError('BAD_STATE', `the gradient of step ${step} came, and ${why}`);
  }
  checkBatch({ ...contract, tensors: gradients, labels: [] }, message.tensors, [], 'top gradient');
  checkAlike(message.tensors, output.tensors, 'top gradient');
  if (!Number.isFinite(message.loss)) {
    throw new TandemError('BAD_VALUE', `the loss of step ${step} is ${message.loss}`);
  }
  return [{ ...state, output: null }, [heard(message)]];
}

/** The first half is done. */
export function forwarded(state: SessionState, tensors: readonly NdArray[]): Step {
  if (!state.pending) return [state, []];
  const output: Message<'middleOutput'> = { type: 'middleOutput', step: state.pending.step, tensors };
  return [{ ...state, output }, [{ kind: 'send', message: output }]];
}

/** The step under way is done; passes the next one on if it has arrived. */
export function applied(state: SessionState, loss: number, tensors: readonly NdArray[]): Step {
  const { pending, stepsLeft, queued, rules, sends = false } = state;
  if (!pending) return [state, []];
  const [next = null, ...rest] = queued;
  const { step } = pending;
  const isAnswered = pending.type === 'smashed' && isAligned(rules.pace, step);
  const reply: Message = isAnswered ? { type: 'cutGradient', step, loss, tensors } : { type: 'applied', step, loss };
  const after: SessionState = {
    ...state,
    // In a turn that fills the pool bottoms do not change, so none is uploaded.
    phase: stepsLeft > 1 ? 'training' : sends ? 'waiting' : 'uploading',
    stepsLeft: stepsLeft - 1,
    last: step,
    pending: next,
    queued: rest,
    output: null,
  };
  return [after, [{ kind: 'send', message: reply }, ...(next ? [heard(next, rowsOf(next))] : [])]];
}

function rowsOf(request: StepRequest): number {
  return request.type === 'trained' ? request.samples : (request.tensors[0]?.shape[0] ?? 0);
}
