import { TandemError } from '../errors.js';
import { bytesPerElement, int32, showShape, sizeOf, type NdArray } from '../ndarray.js';
import { matrixOf } from './confusion.js';
import { metric, type Metric, type MetricName } from './metrics.js';
import { checkPossible } from './possible-report.js';
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

/** What is counted of an evaluation, and the shape of the counts. */
interface Counted {
  /** The confusion matrix, or three numbers of each class, or scores in bins. */
  readonly what: 'cells' | 'classes' | 'bins';
  readonly shape: readonly [number, number];
}

/** What a report must look like. */
export interface ReportContract {
  /** The most that one sample adds to each sum; null where that has no bound. */
  readonly sums: readonly (number | null)[];
  /** The counts in `confusion`. */
  readonly counts: readonly Counted[];
  /** How many classes one sample is judged by, each counted once; null where it may be any number. */
  readonly judged: number | null;
}

export function reportContract(names: readonly MetricName[], outputShape: readonly (number | null)[]): ReportContract {
  const needs = (from: string) => names.some((name) => metric(name).from === from);
  const classes = classesOf(outputShape.at(-1) ?? 1);
  const counts: Counted[] = [];
  if (needs('confusion')) counts.push({ what: 'cells', shape: [classes, classes] });
  else if (needs('classes')) counts.push({ what: 'classes', shape: [3, classes] });
  if (needs('ranking')) counts.push({ what: 'bins', shape: [2, BINS] });
  const places = outputShape.slice(0, -1);
  const sums = summed(names).map((name) => mostOf(metric(name)));
  return { sums, counts, judged: places.includes(null) ? null : sizeOf(places.map(Number)) };
}

/** Bytes of the tensors of a report. */
export function reportBytes({ counts }: ReportContract): number {
  return counts.reduce((sum, { shape }) => sum + sizeOf(shape) * bytesPerElement.int32, 0);
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

/**
 * Throws BAD_MESSAGE, BAD_SHAPE or BAD_VALUE when a report of so many samples is not as the contract says, or cannot be true; without a contract there is
 * none.
 */
export function checkReport(
  contract: ReportContract | null,
  report: Omit<ReportedScores, 'loss'> & { readonly loss: number | null },
  samples: number,
): void {
  const { loss, sums, confusion } = report;
  const wanted = contract?.sums.length ?? 0;
  if ((loss !== null) !== (contract !== null) || sums.length !== wanted) {
    const came = `${loss === null ? 'no' : 'a'} loss and ${sums.length} sums`;
    const expected = `${contract ? 'a' : 'no'} loss and ${wanted} sums`;
    throw new TandemError('BAD_MESSAGE', `an evaluation came with ${came}, ${expected} were expected`);
  }
  const shapes = contract?.counts.map(({ shape }) => shape) ?? [];
  const fits = confusion.length === shapes.length && confusion.every(({ dtype }) => dtype === 'int32');
  if (!fits || confusion.some(({ shape }, i) => shape.join() !== shapes[i]?.join())) {
    throw new TandemError(
      'BAD_SHAPE',
      `an evaluation's counts are not ${shapes.length > 0 ? `int32 of the shape ${shapes.map(showShape).join(' and ')}` : 'none'}`,
    );
  }
  if (contract && loss !== null) checkPossible(contract, { loss, sums, confusion }, samples);
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

function mostOf(rule: Metric): number | null {
  return rule.from === 'sums' && rule.most !== Infinity ? rule.most : null;
}

function summed(names: readonly MetricName[]): MetricName[] {
  return names.filter((name) => metric(name).from === 'sums');
}
