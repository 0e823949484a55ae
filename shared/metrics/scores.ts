import type { NdArray } from '../ndarray.js';
import { addConfusion, confusionOf, type Confusion } from './confusion.js';
import { metric, type MetricName, type MetricValue, type MetricValues } from './metrics.js';
import { rankingOf, type Ranking } from './ranking.js';

/** Running totals of an evaluation, as plain data; those of several clients add up to those of all samples. */
export interface Scores {
  /** What `meanScores` makes of it. */
  readonly names: readonly MetricName[];
  readonly samples: number;
  readonly loss: number;
  readonly sums: Readonly<Partial<Record<MetricName, number>>>;
  /** Only where a metric needs it. */
  readonly confusion?: Confusion | undefined;
  readonly ranking?: Ranking | undefined;
}

export const noScores: Scores = { names: [], samples: 0, loss: 0, sums: {} };

/** Adds a batch, judged by its first label and first output; `loss` is its mean. */
export function addScores(
  total: Scores,
  names: readonly MetricName[],
  [labels]: readonly NdArray[],
  [outputs]: readonly NdArray[],
  loss: number,
): Scores {
  if (!labels || !outputs) return total;
  return mergeScores(total, scoresOf(names, labels, outputs, loss));
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
    confusion: a.confusion && b.confusion ? addConfusion(a.confusion, b.confusion) : (a.confusion ?? b.confusion),
    ranking: a.ranking && b.ranking ? [...a.ranking, ...b.ranking] : (a.ranking ?? b.ranking),
  };
}

/** Means over all samples, and the metrics that are none; null and empty before any. */
export function meanScores(total: Scores): { loss: number | null; metrics: MetricValues } {
  if (total.samples === 0) return { loss: null, metrics: {} };
  const values = total.names.map((name) => [name, valueOf(name, total)]);
  return { loss: total.loss / total.samples, metrics: Object.fromEntries(values) as MetricValues };
}

function scoresOf(names: readonly MetricName[], labels: NdArray, outputs: NdArray, loss: number): Scores {
  const samples = labels.shape[0] ?? 0;
  const rules = names.map((name) => [name, metric(name)] as const);
  const sums = rules.flatMap(([name, rule]) => (rule.from === 'sums' ? [[name, rule.sum(labels, outputs)]] : []));
  const needs = (from: string) => rules.some(([, rule]) => rule.from === from);
  return {
    names,
    samples,
    loss: loss * samples,
    sums: Object.fromEntries(sums) as Scores['sums'],
    ...(needs('confusion') ? { confusion: confusionOf(labels, outputs) } : {}),
    ...(needs('ranking') ? { ranking: rankingOf(labels, outputs) } : {}),
  };
}

function valueOf(name: MetricName, { sums, samples, confusion, ranking }: Scores): MetricValue {
  const rule = metric(name);
  if (rule.from === 'sums') return (sums[name] ?? NaN) / samples;
  if (rule.from === 'confusion') return rule.value(confusion ?? []);
  return rule.value(ranking ?? []);
}
