import { TandemError } from '../errors.js';
import type { NdArray } from '../ndarray.js';
import { classesOf, eachPrediction } from './predictions.js';

/** `confusion[label][predicted]`: how many labels of a class were taken for which. */
export type Confusion = readonly (readonly number[])[];

/** Counts a batch. Throws BAD_LABEL for a label that is no class number of the outputs. */
export function confusionOf(labels: NdArray, outputs: NdArray): Confusion {
  const classes = classesOf(outputs.data.length / labels.data.length);
  const counts = Array.from({ length: classes }, () => Array<number>(classes).fill(0));
  eachPrediction(labels, outputs, (label, predicted) => {
    const row = counts[label];
    if (!row)
      throw new TandemError('BAD_LABEL', `label ${label} is none of the ${classes} classes`, 'see docs/tasks.md');
    row[predicted] = (row[predicted] ?? 0) + 1;
  });
  return counts;
}

export function addConfusion(a: Confusion, b: Confusion): Confusion {
  return a.map((row, i) => row.map((count, j) => count + (b[i]?.[j] ?? 0)));
}

/** What was asked about one class: true positives, false positives, false negatives. */
interface Hits {
  readonly hits: number;
  readonly falseAlarms: number;
  readonly misses: number;
}

/** A ratio of a class's counts; 0 where there is nothing to divide by, as in scikit-learn. */
type Ratio = (hits: Hits) => number;

export const precision: Ratio = ({ hits, falseAlarms }) => ratio(hits, hits + falseAlarms);
export const recall: Ratio = ({ hits, misses }) => ratio(hits, hits + misses);
/** The harmonic mean of precision and recall. */
export const f1: Ratio = ({ hits, falseAlarms, misses }) => ratio(2 * hits, 2 * hits + falseAlarms + misses);

/** Of class 1 of two. */
export function ofPositive(of: Ratio): (confusion: Confusion) => number {
  return (confusion) => of(hitsOf(confusion, 1));
}

/** The mean over all classes that occur among labels or predictions, each weighing the same. */
export function macro(of: Ratio): (confusion: Confusion) => number {
  return (confusion) => {
    const present = confusion
      .map((_, klass) => hitsOf(confusion, klass))
      .filter(({ hits, falseAlarms, misses }) => hits + falseAlarms + misses > 0);
    return ratio(
      present.reduce((sum, hits) => sum + of(hits), 0),
      present.length,
    );
  };
}

function hitsOf(confusion: Confusion, klass: number): Hits {
  const hits = confusion[klass]?.[klass] ?? 0;
  const labelled = (confusion[klass] ?? []).reduce((sum, count) => sum + count, 0);
  const predicted = confusion.reduce((sum, row) => sum + (row[klass] ?? 0), 0);
  return { hits, falseAlarms: predicted - hits, misses: labelled - hits };
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
