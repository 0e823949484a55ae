import type { Contribution } from '../../server/aggregation/aggregator.js';
import type { WeightSpec } from '../../shared/model/segment-spec.js';
import { float32, int32, type NdArray } from '../../shared/ndarray.js';
import { createRng } from '../../shared/rng.js';

/** A segment with two trainable weights, moving averages and a counter, in an order that mixes them. */
export const mixedSpecs: readonly WeightSpec[] = [
  { layer: 'dense', index: 0, dtype: 'float32', shape: [2, 3], trainable: true },
  { layer: 'norm', index: 0, dtype: 'float32', shape: [3], trainable: false },
  { layer: 'norm', index: 1, dtype: 'int32', shape: [2], trainable: false },
  { layer: 'dense', index: 1, dtype: 'float32', shape: [], trainable: true },
];

export function mixedWeights(seed: number, ...path: (string | number)[]): NdArray[] {
  const rng = createRng('replica', seed, ...path);
  return mixedSpecs.map(({ dtype, shape }) => {
    const size = shape.reduce((product, length) => product * length, 1);
    const values = Array.from({ length: size }, () => 1.7 * rng.normal());
    return dtype === 'int32' ? int32(shape, values.map(Math.round)) : float32(shape, values);
  });
}

/** Replicas of uneven clients, in the order of their numbers. */
export function mixedContributions(count: number, seed: number): Contribution[] {
  return Array.from({ length: count }, (_, i) => ({
    client: 3 * i + 1,
    samples: 7 + ((13 * i) % 31),
    weights: mixedWeights(seed, i),
  }));
}

/** A segment that is one trainable vector. */
export function vectorSpecs(size: number): readonly WeightSpec[] {
  return [{ layer: 'dense', index: 0, dtype: 'float32', shape: [size], trainable: true }];
}

/** Contributions of clients 0, 1, ... with a vector each. */
export function vectors(rows: readonly (readonly number[])[], samples: readonly number[] = []): Contribution[] {
  return rows.map((row, client) => ({ client, samples: samples[client] ?? 11, weights: [float32([row.length], row)] }));
}
