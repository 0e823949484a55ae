import { TandemError } from '../errors.js';
import type { NdArray } from '../ndarray.js';
import { f1, macro, ofPositive, precision, recall, type ClassCounts } from './class-counts.js';
import { matrixOf, type Cells, type Confusion } from './confusion.js';
import type { LabelKind } from './label-kind.js';
import { eachPrediction } from './predictions.js';
import { areaUnderCurve, type Ranking } from './ranking.js';

/** What a metric is computed from; each adds up over batches in any order. */
export type Metric = MetricSource & {
  /** The kinds of label that it says something true about. */
  readonly suits: readonly LabelKind[];
  /** Which of two values is that of the better model; null where a value is no single number. */
  readonly better: 'larger' | 'smaller' | null;
};

type MetricSource =
  /** A sum over samples, divided by their number; `most` is what one sample adds at most, and none adds less than 0. */
  | { readonly from: 'sums'; readonly most: number; readonly sum: (labels: NdArray, outputs: NdArray) => number }
  | { readonly from: 'classes'; readonly value: (counts: ClassCounts) => MetricValue; readonly binary?: true }
  | { readonly from: 'confusion'; readonly value: (cells: Cells) => MetricValue; readonly binary?: true }
  | { readonly from: 'ranking'; readonly value: (ranking: Ranking) => MetricValue; readonly binary: true };

/** Null where the samples leave it undefined; the confusion matrix is `[label][predicted]`. */
export type MetricValue = number | null | Confusion;

const CLASSES = ['class', 'one-hot', 'binary'] as const;

const metrics = {
  /** Largest logit against a class number; for a single logit, its sign against 0 or 1. */
  accuracy: {
    from: 'sums',
    most: 1,
    suits: [...CLASSES, 'multi-label'],
    better: 'larger',
    sum: (labels, outputs) => {
      let hits = 0;
      eachPrediction(labels, outputs, (label, predicted) => (hits += Number(label === predicted)));
      return (hits * (labels.shape[0] ?? 1)) / labels.data.length;
    },
  },
  meanAbsoluteError: {
    from: 'sums',
    most: Infinity,
    suits: ['number'],
    better: 'smaller',
    sum: (labels, outputs) => {
      const width = outputs.data.length / (outputs.shape[0] ?? 1);
      let sum = 0;
      outputs.data.forEach((value, i) => (sum += Math.abs(value - (labels.data[i] ?? NaN))));
      return sum / width;
    },
  },
  auc: { from: 'ranking', suits: CLASSES, better: 'larger', value: areaUnderCurve, binary: true },
  precision: { from: 'classes', suits: CLASSES, better: 'larger', value: ofPositive(precision), binary: true },
  recall: { from: 'classes', suits: CLASSES, better: 'larger', value: ofPositive(recall), binary: true },
  f1: { from: 'classes', suits: CLASSES, better: 'larger', value: ofPositive(f1), binary: true },
  macroPrecision: { from: 'classes', suits: CLASSES, better: 'larger', value: macro(precision) },
  macroRecall: { from: 'classes', suits: CLASSES, better: 'larger', value: macro(recall) },
  macroF1: { from: 'classes', suits: CLASSES, better: 'larger', value: macro(f1) },
  confusionMatrix: { from: 'confusion', suits: CLASSES, better: null, value: matrixOf },
} satisfies Record<string, Metric>;

/** A metric that a task may ask for. */
export type MetricName = keyof typeof metrics;

/** The metrics of a task, by name. */
export type MetricValues = { readonly [Name in MetricName]?: ReturnType<ValueOf<Name>> };

type ValueOf<Name extends MetricName> = (typeof metrics)[Name] extends { value: infer Value }
  ? Value extends (...args: never[]) => MetricValue
    ? Value
    : never
  : () => number;

/** All metrics there are. */
export const metricNames = Object.keys(metrics) as MetricName[];

/** Throws BAD_OPTION that lists the names there are. */
export function metric(name: MetricName): Metric {
  if (!Object.hasOwn(metrics, name)) {
    throw new TandemError('BAD_OPTION', `unknown metric '${String(name)}'`, `use one of: ${metricNames.join(', ')}`);
  }
  return metrics[name];
}
