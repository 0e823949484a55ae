import * as tf from '#tfjs';
import { firstLine } from '../engine/layer-error.js';
import type { Tape } from '../engine/tfjs/tape.js';
import { TandemError } from '../errors.js';
import { faultOfLoss, lossFunction, type Loss } from '../model/loss.js';
import { toTensor } from '../model/weights.js';
import { gatherRows, type NdArray } from '../ndarray.js';
import { ignoreOutcome } from './layer-answers.js';

/** The loss of a trial's batch. Throws BAD_OPTION where it returns anything but one number, or spoils what it is given. */
export function lossOf(what: string, loss: Loss, labels: tf.Tensor[], outputs: tf.Tensor[]): tf.Tensor {
  let value: unknown;
  try {
    value = (typeof loss === 'function' ? loss : lossFunction(loss))(labels, outputs);
  } catch (error) {
    if (error instanceof TandemError) throw error;
    throw badLoss(what, `fails on a batch of ${labels[0]?.shape[0] ?? 0}: ${firstLine(error)}`);
  }
  if (value instanceof Promise) ignoreOutcome(value);
  const fault = faultOfLoss(value);
  if (fault) throw badLoss(what, fault.why, fault.action);
  if ([...labels, ...outputs].some(({ isDisposed }) => isDisposed)) {
    throw badLoss(what, 'disposes of the tensors it is given', 'dispose of nothing: that is done for it');
  }
  return value as tf.Tensor;
}

/** Rows that a loss is tried on besides: what is a scalar for one sample may be a list for several. */
const SEVERAL = 3;

/** The same for a batch of several samples, with the outputs that a trial had for its first. */
export function tryLossOfSeveral(
  what: string,
  loss: Loss,
  labels: readonly NdArray[],
  outputs: readonly NdArray[],
): void {
  const several = (arrays: readonly NdArray[]) =>
    arrays.map((array) =>
      toTensor(
        gatherRows(
          array,
          Array.from({ length: SEVERAL }, () => 0),
        ),
      ),
    );
  tf.tidy(() => void lossOf(what, loss, several(labels), several(outputs)));
}

/** Throws BAD_OPTION where a loss of the user's does not come from the outputs by operations that have gradients: nothing would be learned. */
export function refuseUnconnected(what: string, tape: Tape, loss: tf.Tensor, outputs: readonly tf.Tensor[]): void {
  const reached = new Set(outputs.map(({ id }) => id));
  let without: string | undefined;
  for (const { kernelName, inputs, outputs: made, gradient } of tape.nodes) {
    if (!Object.values(inputs).some(({ id }) => reached.has(id))) continue;
    if (!gradient) without ??= kernelName;
    else made.forEach(({ id }) => reached.add(id));
  }
  if (reached.has(loss.id)) return;
  const why = without === undefined ? '' : `: no gradient is defined for ${without}`;
  throw badLoss(
    what,
    `does not come from the model's outputs, so nothing would be learned${why}`,
    'compute it from the outputs, with operations that have a gradient',
  );
}

/** Throws BAD_OPTION where the loss, or the penalties with it, are no number. */
export async function checkFinite(what: string, objective: tf.Tensor | undefined): Promise<void> {
  const [value = NaN] = (await objective?.data()) ?? [];
  if (Number.isFinite(value)) return;
  throw badLoss(
    what,
    `is ${value} on a first batch of numbers from 0 to 1`,
    'look for a logarithm or a division that meets 0 in the model or the loss',
  );
}

function badLoss(what: string, why: string, action = 'see "Loss" in docs/tasks.md'): TandemError {
  return new TandemError('BAD_OPTION', `the loss of ${what} ${why}`, action);
}
