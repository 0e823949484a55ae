import { checkAlike, checkBatch } from '../../shared/contract.js';
import { TandemError } from '../../shared/errors.js';
import type { NdArray } from '../../shared/ndarray.js';
import type { Message } from '../../shared/protocol/messages.js';
import { expectPhase } from './expectations.js';
import type { SessionState, Step } from './session-state.js';

/** The second half of a step whose loss is the client's. */
export function topGradient(state: SessionState, message: Message<'topGradient'>): Step {
  const { step } = message;
  const { gradients, contract } = state.rules;
  if (!gradients) throw new TandemError('BAD_STATE', "'topGradient' came where the server has the loss");
  expectPhase(state, message, 'training');
  const { output } = state;
  if (output?.step !== step) {
    const why = output ? `that of step ${output.step} is next` : 'no middle output waits for one';
    throw new TandemError('BAD_STATE', `the gradient of step ${step} came, and ${why}`, undefined, step);
  }
  checkBatch({ ...contract, tensors: gradients, labels: [] }, message.tensors, [], 'top gradient');
  checkAlike(message.tensors, output.tensors, 'top gradient');
  if (!Number.isFinite(message.loss)) {
    throw new TandemError('BAD_VALUE', `the loss of step ${step} is ${message.loss}`, undefined, step);
  }
  return [{ ...state, output: null }, [{ kind: 'gradient', message }]];
}

/** The first half is done. */
export function forwarded(state: SessionState, tensors: readonly NdArray[]): Step {
  if (!state.pending) return [state, []];
  const output: Message<'middleOutput'> = { type: 'middleOutput', step: state.pending.step, tensors };
  return [{ ...state, output }, [{ kind: 'send', message: output }]];
}
