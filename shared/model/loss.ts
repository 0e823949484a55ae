import * as tf from '@tensorflow/tfjs';
import { TandemError } from '../errors.js';
import { lossNames, type LossName } from './loss-names.js';

/** Mean loss of a batch: `labels` and `outputs` have the batch first; returns a scalar tensor. */
export type LossFunction = (labels: tf.Tensor[], outputs: tf.Tensor[]) => tf.Scalar;

/** A named loss, or one's own function of tensors. */
export type Loss = LossName | LossFunction;

const losses = {
  /** Labels are class numbers [batch], outputs are logits [batch, classes]. */
  softmaxCrossEntropy: ([labels], [logits]) =>
    tf.losses.softmaxCrossEntropy(
      tf.oneHot(labels as tf.Tensor1D, (logits as tf.Tensor2D).shape[1]),
      logits as tf.Tensor,
    ),
  /** Labels are 0 or 1 in the shape of the outputs (or [batch] for [batch, 1]); outputs are logits. */
  sigmoidCrossEntropy: ([labels], [logits]) =>
    tf.losses.sigmoidCrossEntropy(alike(labels as tf.Tensor, logits as tf.Tensor), logits as tf.Tensor),
  /** Labels have the shape of the outputs (or [batch] for [batch, 1]). */
  meanSquaredError: ([labels], [outputs]) =>
    tf.losses.meanSquaredError(alike(labels as tf.Tensor, outputs as tf.Tensor), outputs as tf.Tensor),
} satisfies Record<LossName, (labels: tf.Tensor[], outputs: tf.Tensor[]) => tf.Tensor>;

/** Throws BAD_OPTION for a name that is none of ours. */
export function lossFunction(loss: Loss): LossFunction {
  if (typeof loss === 'function') return loss;
  if (!Object.hasOwn(losses, loss)) {
    throw new TandemError('BAD_OPTION', `unknown loss '${String(loss)}'`, `use one of: ${lossNames.join(', ')}`);
  }
  return losses[loss] as LossFunction;
}

function alike(labels: tf.Tensor, outputs: tf.Tensor): tf.Tensor {
  return labels.toFloat().reshape(outputs.shape);
}
