import { TandemError } from '../shared/errors.js';
import type { NdArray } from '../shared/ndarray.js';

export interface Contribution {
  readonly client: number;
  /** How much it counts: the samples it was trained on. */
  readonly samples: number;
  readonly weights: readonly NdArray[];
}

/**
 * Averages replicas of a segment, weighted by samples (McMahan et al., 2017, arXiv:1602.05629). Sums are float64 and in
 * the order of client numbers, so the result does not depend on who answered first. Integer weights are taken from the
 * first client.
 */
export function averageWeights(contributions: readonly Contribution[]): NdArray[] {
  const sorted = [...contributions].sort((a, b) => a.client - b.client);
  const [first] = sorted;
  if (!first) throw new TandemError('INTERNAL', 'there is nothing to average');
  if (sorted.length === 1) return [...first.weights];
  const total = sorted.reduce((sum, { samples }) => sum + samples, 0);
  return first.weights.map((weight, index) => {
    if (weight.dtype !== 'float32') return weight;
    const sums = new Float64Array(weight.data.length);
    for (const { samples, weights } of sorted) {
      const values = weights[index]?.data;
      if (values?.length !== sums.length)
        throw new TandemError('BAD_SHAPE', `weight ${index} differs in size among clients`);
      for (let i = 0; i < sums.length; i++) sums[i] = (sums[i] ?? 0) + samples * (values[i] ?? 0);
    }
    return { ...weight, data: Float32Array.from(sums, (sum) => sum / total) };
  });
}
