import { TandemError } from '../errors.js';
import { bytesPerElement, int32, showShape, sizeOf, type NdArray } from '../ndarray.js';
import { matrixOf } from './confusion.js';
import { metric, type MetricName } from './metrics.js';
import { classesOf } from './predictions.js';
import { BINS } from './score-bins.js';
import type { Scores } from './scores.js';

/** An evaluation as a client reports it: totals of all its samples, from which no sample's label can be read. */
export interface ReportedScores {
  /** The sum of the loss over the samples. */
  readonly loss: number;
  /** Each metric that is a sum over samples, in the order of the task's metrics. */
  readonly sums: readonly number[];
  /**
   * int32 tensors where metrics need them: `[classes, classes]`, label by prediction, for the confusion matrix; else
   * `[3, classes]`: hits, false alarms and misses of each class. Then, for an area under the curve, score-bins.ts' counts.
   */
  readonly confusion: readonly NdArray[];
}

/** What a report must look like. */
export interface ReportContract {
  readonly sums: number;
  /** The shapes of the counts in `confusion`. */
  readonly counts: readonly (readonly [number, number])[];
}

export function reportContract(names: readonly MetricName[], outputShape: readonly (number | null)[]): ReportContract {
  const needs = (from: string) => names.some((name) => metric(name).from === from);
  const classes = classesOf(outputShape.at(-1) ?? 1);
  const counts: (readonly [number, number])[] = [];
  if (needs('confusion')) counts.push([classes, classes]);
  else if (needs('classes')) counts.push([3, classes]);
  if (needs('ranking')) counts.push([2, BINS]);
  return { sums: summed(names).length, counts };
}

/** Bytes of the tensors of a report. */
export function reportBytes({ counts }: ReportContract): number {
  return counts.reduce((sum, shape) => sum + sizeOf(shape) * bytesPerElement.int32, 0);
}

export function reportScores({ names, loss, sums, confusion, classes, bins }: Scores): ReportedScores {
  const counts = [...countsToReport(confusion, classes), ...(bins ? [bins] : [])];
  return { loss, sums: summed(names).map((name) => sums[name] ?? 0), confusion: counts };
}

function countsToReport(confusion: Scores['confusion'], classes: Scores['classes']): NdArray[] {
  if (confusion) return [int32([confusion.classes, confusion.classes], matrixOf(confusion).flat())];
  if (!classes) return [];
  const { hits, falseAlarms, misses } = classes;
  return [int32([3, hits.length], [hits, falseAlarms, misses].flat())];
}

/** Throws BAD_MESSAGE, BAD_SHAPE or BAD_VALUE when a report is not as the contract says; without one there is none. */
export function checkReport(
  contract: ReportContract | null,
  { loss, sums, confusion }: Omit<ReportedScores, 'loss'> & { readonly loss: number | null },
): void {
  const wanted = contract?.sums ?? 0;
  if ((loss !== null) !== (contract !== null) || sums.length !== wanted) {
    const came = `${loss === null ? 'no' : 'a'} loss and ${sums.length} sums`;
    const expected = `${contract ? 'a' : 'no'} loss and ${wanted} sums`;
    throw new TandemError('BAD_MESSAGE', `an evaluation came with ${came}, ${expected} were expected`);
  }
  const bad = [loss ?? 0, ...sums].find((value) => !Number.isFinite(value));
  if (bad !== undefined) throw new TandemError('BAD_VALUE', `an evaluation reports ${bad}`);
  const shapes = contract?.counts ?? [];
  const fits = confusion.length === shapes.length && confusion.every(({ dtype }) => dtype === 'int32');
  if (!fits || confusion.some(({ shape }, i) => shape.join() !== shapes[i]?.join())) {
    throw new TandemError(
      'BAD_SHAPE',
      `an evaluation's counts are not ${shapes.length > 0 ? `int32 of the shape ${shapes.map(showShape).join(' and ')}` : 'none'}`,
    );
  }
  if (confusion.some(({ data }) => data.some((count: number) => count < 0))) {
    throw new TandemError('BAD_VALUE', 'a count of an evaluation is negative');
  }
}

/** The totals of a report that was checked. */
export function readScores(
  names: readonly MetricName[],
  samples: number,
  { loss, sums, confusion }: ReportedScores,
): Scores {
  const named = summed(names).map((name, i) => [name, sums[i] ?? 0]);
  const ranked = names.some((name) => metric(name).from === 'ranking');
  const [counts, bins] = ranked ? [confusion.at(-2), confusion.at(-1)] : [confusion[0], undefined];
  const totals = { names, samples, loss, sums: Object.fromEntries(named) as Scores['sums'], bins };
  if (!counts) return totals;
  const [rows = 0, classes = 0] = counts.shape;
  const row = (i: number) => [...counts.data.subarray(i * classes, (i + 1) * classes)];
  if (!names.some((name) => metric(name).from === 'confusion')) {
    return { ...totals, classes: { hits: row(0), falseAlarms: row(1), misses: row(2) } };
  }
  const cells = Array.from({ length: rows }, (_, label) =>
    row(label).flatMap((count, predicted) => (count > 0 ? [[label, predicted, count] as const] : [])),
  );
  return { ...totals, confusion: { classes, counts: cells.flat() } };
}

function summed(names: readonly MetricName[]): MetricName[] {
  return names.filter((name) => metric(name).from === 'sums');
}
