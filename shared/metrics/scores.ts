import type { NdArray } from '../ndarray.js';
import { addClassCounts, classCountsOf, countsOfCells, type ClassCounts } from './class-counts.js';
import { addCells, cellsOf, type Cells } from './confusion.js';
import { metric, type MetricName, type MetricValue, type MetricValues } from './metrics.js';
import type { LabelKind } from './label-kind.js';
import { classNumbers } from './predictions.js';
import { rankingOf, type Ranking } from './ranking.js';
import { addScoreBins, areaOfBins, scoreBinsOf, type ScoreBins } from './score-bins.js';

/** Running totals of an evaluation, as plain data; those of several clients add up to those of all samples. */
export interface Scores {
  /** What `meanScores` makes of it. */
  readonly names: readonly MetricName[];
  readonly samples: number;
  readonly loss: number;
  readonly sums: Readonly<Partial<Record<MetricName, number>>>;
  /** Only where a metric needs it. */
  readonly confusion?: Cells | undefined;
  /** Where metrics of classes need it and there is no confusion to compute them from. */
  readonly classes?: ClassCounts | undefined;
  readonly ranking?: Ranking | undefined;
  /** Instead of `ranking`, where only counts may travel. */
  readonly bins?: ScoreBins | undefined;
}

/** How samples are judged. */
export interface Judging {
  /** What labels mean; `one-hot` ones are read as class numbers. */
  readonly kind?: LabelKind | undefined;
  /** Whether scores are counted in bins rather than kept beside their labels. */
  readonly binned?: boolean;
}

export const noScores: Scores = { names: [], samples: 0, loss: 0, sums: {} };

/** Adds a batch, judged by its first label and first output; `loss` is its mean. */
export function addScores(
  total: Scores,
  names: readonly MetricName[],
  [labels]: readonly NdArray[],
  [outputs]: readonly NdArray[],
  loss: number,
  judging: Judging = {},
): Scores {
  if (!labels || !outputs) return total;
  const read = judging.kind === 'one-hot' ? classNumbers(labels) : labels;
  return mergeScores(total, scoresOf(names, read, outputs, loss, judging));
}

/** The totals of two sets of samples together. */
export function mergeScores(a: Scores, b: Scores): Scores {
  const names = a.names.length > 0 ? a.names : b.names;
  const sums = names.map((name) => [name, (a.sums[name] ?? 0) + (b.sums[name] ?? 0)] as const);
  return {
    names,
    samples: a.samples + b.samples,
    loss: a.loss + b.loss,
    sums: Object.fromEntries(sums.filter(([name]) => metric(name).from === 'sums')),
    confusion: both(a.confusion, b.confusion, addCells),
    classes: both(a.classes, b.classes, addClassCounts),
    ranking: both(a.ranking, b.ranking, (left, right) => [...left, ...right]),
    bins: both(a.bins, b.bins, addScoreBins),
  };
}

/** Means over all samples, and the metrics that are none; null and empty before any. */
export function meanScores(total: Scores): { loss: number | null; metrics: MetricValues } {
  if (total.samples === 0) return { loss: null, metrics: {} };
  const values = total.names.map((name) => [name, valueOf(name, total)]);
  return { loss: total.loss / total.samples, metrics: Object.fromEntries(values) as MetricValues };
}

/** How far the exact value of a metric that was measured from bins may be from the one that `meanScores` gives, at most. */
export function uncertaintyOf({ names, bins }: Scores): Partial<Record<MetricName, number>> {
  const area = bins && areaOfBins(bins);
  if (!area) return {};
  return Object.fromEntries(names.filter((name) => metric(name).from === 'ranking').map((name) => [name, area.within]));
}

function scoresOf(
  names: readonly MetricName[],
  labels: NdArray,
  outputs: NdArray,
  loss: number,
  { binned = false }: Judging,
): Scores {
  const samples = labels.shape[0] ?? 0;
  const rules = names.map((name) => [name, metric(name)] as const);
  const sums = rules.flatMap(([name, rule]) => (rule.from === 'sums' ? [[name, rule.sum(labels, outputs)]] : []));
  const needs = (from: string) => rules.some(([, rule]) => rule.from === from);
  return {
    names,
    samples,
    loss: loss * samples,
    sums: Object.fromEntries(sums) as Scores['sums'],
    ...(needs('confusion') ? { confusion: cellsOf(labels, outputs) } : {}),
    ...(needs('classes') && !needs('confusion') ? { classes: classCountsOf(labels, outputs) } : {}),
    ...(needs('ranking')
      ? binned
        ? { bins: scoreBinsOf(labels, outputs) }
        : { ranking: rankingOf(labels, outputs) }
      : {}),
  };
}

function both<T>(a: T | undefined, b: T | undefined, add: (a: T, b: T) => T): T | undefined {
  return a !== undefined && b !== undefined ? add(a, b) : (a ?? b);
}

function valueOf(
  name: MetricName,
  { sums, samples, confusion = noCells, classes, ranking, bins }: Scores,
): MetricValue {
  const rule = metric(name);
  switch (rule.from) {
    case 'sums':
      return (sums[name] ?? NaN) / samples;
    case 'classes':
      return rule.value(classes ?? countsOfCells(confusion));
    case 'confusion':
      return rule.value(confusion);
    case 'ranking':
      return bins ? (areaOfBins(bins)?.area ?? null) : rule.value(ranking ?? []);
  }
}

const noCells: Cells = { classes: 0, counts: [] };
