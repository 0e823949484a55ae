import type { NdArray } from '../ndarray.js';
import { cellsOf, type Cells } from './confusion.js';

/** What the metrics of a class are computed from, a number a class: three numbers for a class, however many others there are. */
export interface ClassCounts {
  /** Labels of the class that were predicted as such. */
  readonly hits: readonly number[];
  /** Predictions of the class for labels of another. */
  readonly falseAlarms: readonly number[];
  /** Labels of the class that were taken for another. */
  readonly misses: readonly number[];
}

/** The numbers of one class. */
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

/** Counts a batch. Throws BAD_LABEL as `cellsOf` does. */
export function classCountsOf(labels: NdArray, outputs: NdArray): ClassCounts {
  return countsOfCells(cellsOf(labels, outputs));
}

export function countsOfCells({ classes, counts }: Cells): ClassCounts {
  const none = () => new Array<number>(classes).fill(0);
  const [hits, falseAlarms, misses] = [none(), none(), none()];
  const add = (to: number[], klass: number, count: number) => (to[klass] = (to[klass] ?? 0) + count);
  for (const [label, predicted, count] of counts) {
    if (label === predicted) add(hits, label, count);
    else {
      add(misses, label, count);
      add(falseAlarms, predicted, count);
    }
  }
  return { hits, falseAlarms, misses };
}

export function addClassCounts(a: ClassCounts, b: ClassCounts): ClassCounts {
  const sum = (of: (counts: ClassCounts) => readonly number[]) => of(a).map((count, i) => count + (of(b)[i] ?? 0));
  return { hits: sum(({ hits }) => hits), falseAlarms: sum((of) => of.falseAlarms), misses: sum((of) => of.misses) };
}

/** Of class 1 of two. */
export function ofPositive(of: Ratio): (counts: ClassCounts) => number {
  return (counts) => of(hitsOf(counts, 1));
}

/** The mean over all classes that occur among labels or predictions, each weighing the same. */
export function macro(of: Ratio): (counts: ClassCounts) => number {
  return (counts) => {
    const present = counts.hits
      .map((_, klass) => hitsOf(counts, klass))
      .filter(({ hits, falseAlarms, misses }) => hits + falseAlarms + misses > 0);
    return ratio(
      present.reduce((sum, hits) => sum + of(hits), 0),
      present.length,
    );
  };
}

function hitsOf({ hits, falseAlarms, misses }: ClassCounts, klass: number): Hits {
  return { hits: hits[klass] ?? 0, falseAlarms: falseAlarms[klass] ?? 0, misses: misses[klass] ?? 0 };
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
