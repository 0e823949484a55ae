import * as tf from '#tfjs';
import { TandemError } from '../errors.js';
import { showShape } from '../ndarray.js';
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
  if (typeof loss === 'function') return (labels, outputs) => checkedLoss(loss(labels, outputs));
  if (!Object.hasOwn(losses, loss)) {
    throw new TandemError('BAD_OPTION', `unknown loss '${String(loss)}'`, `use one of: ${lossNames.join(', ')}`);
  }
  return losses[loss] as LossFunction;
}

function alike(labels: tf.Tensor, outputs: tf.Tensor): tf.Tensor {
  return labels.toFloat().reshape(outputs.shape);
}

/** Not one of several: tfjs's own check asks for its fields only. */
export function isTensor(value: unknown): value is tf.Tensor {
  return value instanceof tf.Tensor;
}

/** What is wrong with what a user's loss returns, and what to do; undefined for a scalar that gradients can begin with. */
export function faultOfLoss(value: unknown): { readonly why: string; readonly action?: string } | undefined {
  if (value instanceof Promise) return { why: 'returns a promise', action: 'return the scalar itself, without await' };
  if (!isTensor(value)) {
    return { why: `returns ${typeof value}, not a tensor`, action: 'return a tf.Scalar' };
  }
  if (value.isDisposed) {
    return { why: 'returns a tensor that is disposed of', action: 'dispose of nothing: that is done for it' };
  }
  const { rank, shape, dtype } = value;
  if (rank !== 0) {
    return { why: `has the shape ${showShape(shape)}, a scalar was expected`, action: 'take its mean: tf.mean(loss)' };
  }
  if (dtype !== 'float32') {
    return { why: `is ${dtype}, float32 was expected`, action: 'use toFloat()' };
  }
  return undefined;
}

/** It was tried before anybody joined, but may return something else for another batch: the sum of several would be trained, and the first told. */
function checkedLoss(value: tf.Scalar): tf.Scalar {
  const fault = faultOfLoss(value);
  if (fault) throw new TandemError('BAD_OPTION', `the loss of the task ${fault.why}`, fault.action);
  return value;
}
