import type { NdArray } from '../ndarray.js';
import { TandemError } from '../errors.js';

export type MetricName = 'accuracy' | 'meanAbsoluteError';

/** A metric as a sum over samples, so batches of any size and any order add up to the same value. */
type SampleSum = (labels: NdArray, outputs: NdArray) => number;

const metrics: Record<MetricName, SampleSum> = {
  /** Largest logit against a class number; for a single logit, its sign against 0 or 1. */
  accuracy: (labels, outputs) => {
    const rows = labels.data.length;
    const width = outputs.data.length / rows;
    let hits = 0;
    for (let row = 0; row < rows; row++) {
      const scores = outputs.data.subarray(row * width, (row + 1) * width);
      const guess = width === 1 ? Number((scores[0] ?? 0) > 0) : argMax(scores);
      if (guess === labels.data[row]) hits++;
    }
    return hits;
  },
  meanAbsoluteError: (labels, outputs) => {
    const width = outputs.data.length / (outputs.shape[0] ?? 1);
    let sum = 0;
    outputs.data.forEach((value, i) => (sum += Math.abs(value - (labels.data[i] ?? NaN))));
    return sum / width;
  },
};

/** Running totals of an evaluation. */
export interface Scores {
  readonly samples: number;
  readonly loss: number;
  readonly sums: Readonly<Partial<Record<MetricName, number>>>;
}

export const noScores: Scores = { samples: 0, loss: 0, sums: {} };

/** Adds a batch, judged by its first label and first output; `loss` is its mean. */
export function addScores(
  total: Scores,
  names: readonly MetricName[],
  [labels]: readonly NdArray[],
  [outputs]: readonly NdArray[],
  loss: number,
): Scores {
  if (!labels || !outputs) return total;
  const samples = labels.shape[0] ?? 0;
  const sums = Object.fromEntries(names.map((name) => [name, (total.sums[name] ?? 0) + metric(name)(labels, outputs)]));
  return { samples: total.samples + samples, loss: total.loss + loss * samples, sums };
}

/** Means over all samples; null before any. */
export function meanScores(total: Scores): { loss: number | null; metrics: Partial<Record<MetricName, number>> } {
  if (total.samples === 0) return { loss: null, metrics: {} };
  const means = Object.entries(total.sums).map(([name, sum]) => [name, sum / total.samples]);
  return {
    loss: total.loss / total.samples,
    metrics: Object.fromEntries(means) as Partial<Record<MetricName, number>>,
  };
}

function metric(name: MetricName): SampleSum {
  if (!Object.hasOwn(metrics, name)) {
    throw new TandemError('BAD_OPTION', `unknown metric '${name}'`, `use one of: ${Object.keys(metrics).join(', ')}`);
  }
  return metrics[name];
}

function argMax(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if ((values[i] ?? 0) > (values[best] ?? 0)) best = i;
  return best;
}
