import type * as tf from '@tensorflow/tfjs';
import { TandemError } from '../errors.js';
import { showShape, type TensorSpec } from '../ndarray.js';
import type { LabelSpec, Task } from '../task.js';
import { lossFunction, type LossName } from './loss.js';

/** Activations that a loss applies itself, to the logits it takes. */
const APPLIED: Readonly<Partial<Record<LossName, string>>> = {
  softmaxCrossEntropy: 'softmax',
  sigmoidCrossEntropy: 'sigmoid',
};

/**
 * Holds labels, loss and the model's outputs together where the loss is a named one; answers the labels with the range that
 * the loss gives them. Throws BAD_OPTION for an unknown loss, and where they are at odds with a sentence that names the label and both shapes.
 */
export function checkedLabels(task: Task, outputs: readonly TensorSpec[]): readonly LabelSpec[] {
  const { loss, labels } = task;
  lossFunction(loss);
  if (typeof loss === 'function') return labels;
  const [label] = labels;
  const [output] = outputs;
  if (!label || !output || labels.length > 1 || outputs.length > 1) {
    throw atOdds(
      task,
      `takes one label and one output, and there are ${labels.length} labels and ${outputs.length} outputs`,
      'write a loss of your own, or leave the others out',
    );
  }
  const [least, most] = rangeOf(loss, output);
  const { min = least, max = most } = label;
  checkShape(task, loss, label, output);
  if (min < least || max > most) {
    throw atOdds(
      task,
      `takes labels from ${least} to ${most} for output '${output.name}' of shape ${showShape(output.shape)}, ` +
        `label '${label.name}' has ${min} to ${max}`,
      loss === 'softmaxCrossEntropy'
        ? 'give the model an output a class, or correct min and max'
        : 'correct min and max',
    );
  }
  return [{ ...label, ...(Number.isFinite(min) ? { min } : {}), ...(Number.isFinite(max) ? { max } : {}) }];
}

/** Throws BAD_OPTION where the model ends in what the loss does itself: it would be done twice, and learn badly. */
export function refuseAppliedTwice(task: Task, model: tf.LayersModel): void {
  const applied = typeof task.loss === 'string' ? APPLIED[task.loss] : undefined;
  const layer = model.outputs[0]?.sourceLayer;
  if (applied === undefined || !layer) return;
  const { activation } = layer.getConfig() as { activation?: unknown };
  if (activation !== applied && layer.getClassName().toLowerCase() !== applied) return;
  throw atOdds(
    task,
    `takes logits and applies ${applied} itself, and layer '${layer.name}' at the model's end applies ${applied} too`,
    `leave ${applied} out of layer '${layer.name}'`,
  );
}

function rangeOf(loss: LossName, { shape }: TensorSpec): readonly [number, number] {
  switch (loss) {
    case 'softmaxCrossEntropy':
      return [0, (shape.at(-1) ?? Infinity) - 1];
    case 'sigmoidCrossEntropy':
      return [0, 1];
    case 'meanSquaredError':
      return [-Infinity, Infinity];
  }
}

function checkShape(task: Task, loss: LossName, label: LabelSpec, output: TensorSpec): void {
  const given = `label '${label.name}' is ${label.dtype} ${showShape(label.shape)}`;
  const outputs = `output '${output.name}' is ${showShape(output.shape)}`;
  if (loss === 'softmaxCrossEntropy') {
    if (label.shape.length === 0 && label.dtype !== 'float32' && output.shape.length === 1) return;
    throw atOdds(
      task,
      `takes class numbers, int32 of shape [], and one logit a class; ${given}, ${outputs}`,
      'see docs/tasks.md, "Loss"',
    );
  }
  const alone = label.shape.length === 0 && output.shape.length === 1 && output.shape[0] === 1;
  if (alone || label.shape.join() === output.shape.join()) return;
  throw atOdds(task, `takes labels in the shape of the outputs; ${given}, ${outputs}`, 'see docs/tasks.md, "Loss"');
}

function atOdds(task: Task, what: string, action: string): TandemError {
  return new TandemError('BAD_OPTION', `task '${task.name}': loss ${String(task.loss)} ${what}`, action);
}
