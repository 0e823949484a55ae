import { TandemError } from '../errors.js';
import type { Loss } from '../model/loss.js';
import type { LossName } from '../model/loss-names.js';
import { showShape, type TensorSpec } from '../ndarray.js';
import { classesOf } from './predictions.js';

/** What the values of a label mean, by which a metric suits it or not. */
export const labelKinds = ['class', 'one-hot', 'binary', 'multi-label', 'number'] as const;

/**
 * `class`: a class number, against a score a class; `one-hot`: the same as zeros and a one; `binary`: 0 or 1, against one
 * score, above 0 for yes; `multi-label`: several of those; `number`: values to be met.
 */
export type LabelKind = (typeof labelKinds)[number];

type Label = TensorSpec & { readonly kind?: LabelKind };

/** What each kind takes, for people. */
const takes: Readonly<Record<LabelKind, string>> = {
  class: 'class numbers, int32, against one score a class more',
  'one-hot': 'the shape of the outputs, a value a class',
  binary: 'one value, 0 or 1, against one output',
  'multi-label': 'the shape of the outputs, several values of 0 or 1',
  number: 'the shape of the outputs, or [] for one output',
};

/** The kinds that a named loss learns from; a custom loss may mean any. */
const learned: Readonly<Record<LossName, readonly LabelKind[]>> = {
  softmaxCrossEntropy: ['class'],
  sigmoidCrossEntropy: ['binary', 'one-hot', 'multi-label'],
  meanSquaredError: ['number', 'one-hot'],
};

/** What decides which metrics a task can have. */
export interface Judged {
  /** What the task says, else what loss, type and shape leave no doubt about; undefined where they do. */
  readonly kind: LabelKind | undefined;
  /** What it may be. */
  readonly possible: readonly LabelKind[];
  /** How many classes the outputs tell apart. */
  readonly classes: number;
}

/** What the first label of a task is to its first output. Throws BAD_OPTION for a kind that loss or shape contradict. */
export function judgedOf(loss: Loss, label: Label, output: TensorSpec): Judged {
  const taught = typeof loss === 'function' ? labelKinds : (learned[loss] ?? labelKinds);
  const possible = taught.filter((kind) => fits(kind, label, output));
  const { kind = unsaid(loss, label, possible) } = label;
  if (kind === undefined || possible.includes(kind))
    return { kind, possible, classes: classesOf(output.shape.at(-1) ?? 1) };
  const what = labelKinds.includes(kind)
    ? `which takes ${takes[kind]}: it is ${label.dtype} ${showShape(label.shape)}, output '${output.name}' is ` +
      `${showShape(output.shape)}, the loss ${typeof loss === 'function' ? 'is of your own' : loss}`
    : 'and there is no such kind';
  throw new TandemError(
    'BAD_OPTION',
    `label '${label.name}' is of kind '${String(kind)}', ${what}`,
    `leave kind out, or use ${(possible.length > 0 ? possible : labelKinds).join(' or ')}`,
  );
}

function unsaid(loss: Loss, label: Label, possible: readonly LabelKind[]): LabelKind | undefined {
  const yesOrNo = loss === 'sigmoidCrossEntropy' || (label.dtype !== 'float32' && label.min === 0 && label.max === 1);
  // Several answers of yes or no may be one class of many as well, so they have to be named.
  const order: readonly LabelKind[] = yesOrNo ? ['class', 'binary'] : ['class', 'number'];
  return order.find((kind) => possible.includes(kind));
}

function fits(kind: LabelKind, label: TensorSpec, output: TensorSpec): boolean {
  const single = isSingle(label.shape) && isSingle(output.shape);
  const alike = single || label.shape.join() === output.shape.join();
  switch (kind) {
    case 'class':
      return (
        label.dtype !== 'float32' &&
        label.shape.join() === output.shape.slice(0, -1).join() &&
        (output.shape.at(-1) ?? 0) > 1
      );
    case 'one-hot':
      return alike && !single && (output.shape.at(-1) ?? 2) > 1;
    case 'binary':
      return single;
    case 'multi-label':
      return alike && !single;
    case 'number':
      return alike;
  }
}

function isSingle(shape: readonly (number | null)[]): boolean {
  return shape.every((length) => length === 1);
}
