import { checkAlike, checkBatch } from '../../shared/contract.js';
import { TandemError } from '../../shared/errors.js';
import type { NdArray } from '../../shared/ndarray.js';
import type { Message } from '../../shared/protocol/messages.js';
import { conflict, expectPhase, same, tooOld } from './expectations.js';
import type { SessionState, Step } from './session-state.js';

/** The second half of a step whose loss is the client's; duplicates before gaps here too. */
export function topGradient(state: SessionState, message: Message<'topGradient'>): Step {
  const { step } = message;
  const { gradients, contract } = state.rules;
  if (!gradients) throw new TandemError('BAD_STATE', "'topGradient' came where the server has the loss");
  const { answered, pending, output, gradient } = state;
  if (step === state.last && answered?.gradient) {
    return [
      state,
      [{ kind: 'send', message: sameGradient(message, answered.gradient) ? answered.reply : conflict(step) }],
    ];
  }
  if (step <= state.last) tooOld(step);
  expectPhase(state, message, 'training');
  if (step > state.last + 1) return [state, [{ kind: 'send', message: { type: 'nack', last: state.last } }]];
  if (!pending || !output) {
    throw new TandemError('BAD_STATE', `the gradient of step ${step} came before its middle output`, undefined, step);
  }
  if (gradient) {
    if (sameGradient(message, gradient)) return [state, []];
    conflict(step);
  }
  checkBatch({ tensors: gradients, labels: [], maxRows: contract.maxRows }, message.tensors, [], 'top gradient');
  checkAlike(message.tensors, output.tensors, 'top gradient');
  if (!Number.isFinite(message.loss)) {
    throw new TandemError('BAD_VALUE', `the loss of step ${step} is ${message.loss}`, undefined, step);
  }
  return [{ ...state, gradient: message }, [{ kind: 'gradient', message }]];
}

/** The first half is done. */
export function forwarded(state: SessionState, tensors: readonly NdArray[]): Step {
  if (!state.pending) return [state, []];
  const output: Message<'middleOutput'> = { type: 'middleOutput', step: state.pending.step, tensors };
  return [{ ...state, output }, [{ kind: 'send', message: output }]];
}

function sameGradient(a: Message<'topGradient'>, b: Message<'topGradient'>): boolean {
  return a.step === b.step && Object.is(a.loss, b.loss) && same(a.tensors, b.tensors);
}
