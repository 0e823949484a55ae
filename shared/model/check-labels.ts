import type * as tf from '@tensorflow/tfjs';
import { TandemError } from '../errors.js';
import { judgedOf, type Judged } from '../metrics/label-kind.js';
import { showShape, type TensorSpec } from '../ndarray.js';
import type { LabelSpec, Task } from '../task.js';
import { lossFunction } from './loss.js';
import type { LossName } from './loss-names.js';

/** Activations that a loss applies itself, to the logits it takes. */
const APPLIED: Readonly<Partial<Record<LossName, string>>> = {
  softmaxCrossEntropy: 'softmax',
  sigmoidCrossEntropy: 'sigmoid',
};

/**
 * Holds labels, loss and the model's outputs together where the loss is a named one; returns the labels with the range that
 * the loss gives them. Throws BAD_OPTION for an unknown loss, and where they are at odds with a sentence that names the label and both shapes.
 */
export function checkedLabels(task: Task, outputs: readonly TensorSpec[]): readonly LabelSpec[] {
  const { loss, labels } = task;
  lossFunction(loss);
  const [label] = labels;
  const [output] = outputs;
  if (typeof loss === 'function') return label && output ? [told(task, label, output), ...labels.slice(1)] : labels;
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
  const range = { ...(Number.isFinite(min) ? { min } : {}), ...(Number.isFinite(max) ? { max } : {}) };
  return [{ ...told(task, label, output), ...range }];
}

/** What decides which metrics a task can have. Throws BAD_OPTION for a kind that loss or shape contradict. */
export function judgedBy({ loss, labels: [label] }: Task, [output]: readonly TensorSpec[]): Judged {
  return label && output ? judgedOf(loss, label, output) : { kind: undefined, possible: [], classes: 0 };
}

/** With its kind, so that a client knows it without the loss. */
function told(task: Task, label: LabelSpec, output: TensorSpec): LabelSpec {
  const { kind } = judgedOf(task.loss, label, output);
  return kind ? { ...label, kind } : label;
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

/** Throws BAD_OPTION where a score above 0 is to mean yes, and the model ends in a sigmoid, whose outputs are all above 0. */
export function refuseChances(task: Task, model: tf.LayersModel, { kind }: Judged): void {
  const layer = model.outputs[0]?.sourceLayer;
  const [first] = task.metrics;
  if (first === undefined || !layer || (kind !== 'binary' && kind !== 'multi-label')) return;
  const { activation } = layer.getConfig() as { activation?: unknown };
  if (activation !== 'sigmoid' && layer.getClassName().toLowerCase() !== 'sigmoid') return;
  throw new TandemError(
    'BAD_OPTION',
    `task '${task.name}': metric '${first}' takes a score above 0 for yes, and layer '${layer.name}' at the model's end applies sigmoid, which is always above 0`,
    `leave sigmoid out of layer '${layer.name}', and apply it in the loss`,
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
