import { TandemError } from '../errors.js';
import { sizeOf, type NdArray } from '../ndarray.js';
import { classesOf, eachPrediction } from './predictions.js';

/** `confusion[label][predicted]`: how many labels of a class were taken for which. */
export type Confusion = readonly (readonly number[])[];

/** The same while it is counted: `[label, predicted, count]` of what has occurred, so that many classes cost little. */
export interface Cells {
  readonly classes: number;
  readonly counts: readonly (readonly [label: number, predicted: number, count: number])[];
}

/** Counts a batch. Throws BAD_LABEL for a label that is no class number of the outputs. */
export function cellsOf(labels: NdArray, outputs: NdArray): Cells {
  // Of one row: there may be none.
  const classes = classesOf(sizeOf(outputs.shape.slice(1)) / sizeOf(labels.shape.slice(1)));
  const found: [number, number, number][] = [];
  eachPrediction(labels, outputs, (label, predicted) => {
    if (!Number.isInteger(label) || label < 0 || label >= classes) {
      throw new TandemError('BAD_LABEL', `label ${label} is none of the ${classes} classes`, 'see docs/tasks.md');
    }
    found.push([label, predicted, 1]);
  });
  return addCells({ classes, counts: [] }, { classes, counts: found });
}

/** In the order of labels and predictions, whoever counted first. */
export function addCells(a: Cells, b: Cells): Cells {
  const sums = new Map<number, number>();
  for (const [label, predicted, count] of [...a.counts, ...b.counts]) {
    const place = label * a.classes + predicted;
    sums.set(place, (sums.get(place) ?? 0) + count);
  }
  const ordered = [...sums].sort(([left], [right]) => left - right);
  const counts = ordered.map(([place, count]) => [Math.floor(place / a.classes), place % a.classes, count] as const);
  return { classes: a.classes, counts };
}

/** All of it, zeros included. */
export function matrixOf({ classes, counts }: Cells): Confusion {
  const matrix = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (const [label, predicted, count] of counts) {
    const row = matrix[label];
    if (row) row[predicted] = count;
  }
  return matrix;
}
