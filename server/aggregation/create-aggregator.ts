import type { Aggregation } from '../../shared/aggregation.js';
import { TandemError } from '../../shared/errors.js';
import { weightKey } from '../../shared/model/weights.js';
import type { WeightSpec } from '../../shared/model/segment-spec.js';
import { firstNonFinite, type NdArray } from '../../shared/ndarray.js';
import type { Aggregator } from './aggregator.js';
import { clipped } from './clip.js';
import { movingAveragesOf } from './bias-correction.js';
import type { Vectors } from './rule.js';
import { customRule } from './custom-rule.js';
import { rules, takesMean } from './rules.js';

/**
 * The aggregator for a segment with these weights. It computes in float64 and in the order of client numbers, so the
 * result does not depend on who answered first. Integer weights become their lower median.
 */
export function createAggregator({ rule: name, value, clip }: Aggregation, specs: readonly WeightSpec[]): Aggregator {
  const plain = typeof name === 'function' ? customRule(name) : rules[name](value);
  const rule = clip === null ? plain : clipped(clip, plain, typeof name === 'function' || takesMean(name));
  const averages = movingAveragesOf(specs);
  return (current, contributions, state) => {
    if (contributions.length === 0) return { weights: [...current], state };
    const sorted = [...contributions].sort((a, b) => a.client - b.client);
    const start = flatten(specs, current);
    const replicas = sorted.map(({ client, samples, weights }) => ({
      client,
      samples,
      averages,
      ...flatten(specs, weights),
    }));
    const result = rule(start, replicas, state);
    const integers = (index: number) => lowerMedian(sorted.map(({ weights }) => weights[index]));
    return { weights: unflatten(specs, result, integers), state: result.state };
  };
}

function flatten(specs: readonly WeightSpec[], weights: readonly NdArray[]): Vectors {
  specs.forEach((spec, index) => {
    const size = spec.shape.reduce((product, length) => product * length, 1);
    const given = weights[index];
    if (given?.data.length !== size || given.dtype !== spec.dtype || weights.length !== specs.length) {
      throw new TandemError('BAD_SHAPE', `weight ${weightKey(spec)} differs in size or dtype among clients`);
    }
  });
  const join = (parts: readonly NdArray[]) => {
    const all = new Float64Array(parts.reduce((sum, { data }) => sum + data.length, 0));
    let at = 0;
    for (const { data } of parts) {
      all.set(data, at);
      at += data.length;
    }
    return all;
  };
  const floats = (trainable: boolean) =>
    weights.filter((_, i) => specs[i]?.dtype === 'float32' && specs[i].trainable === trainable);
  return { trained: join(floats(true)), moving: join(floats(false)) };
}

function unflatten(
  specs: readonly WeightSpec[],
  { trained, moving }: Vectors,
  integers: (index: number) => NdArray,
): NdArray[] {
  const at = { trained: 0, moving: 0 };
  return specs.map((spec, index) => {
    if (spec.dtype !== 'float32') return integers(index);
    const size = spec.shape.reduce((product, length) => product * length, 1);
    const values = spec.trainable
      ? trained.subarray(at.trained, (at.trained += size))
      : moving.subarray(at.moving, (at.moving += size));
    const weight: NdArray = { dtype: 'float32', shape: spec.shape, data: Float32Array.from(values) };
    const bad = firstNonFinite(weight);
    if (bad < 0) return weight;
    const what = `the aggregated weight ${weightKey(spec)} holds ${weight.data[bad] ?? NaN} at ${bad}`;
    throw new TandemError('BAD_VALUE', what, 'lower the rate of the aggregation or the learning rate');
  });
}

/** The lower median of each coordinate, which is a value that some client has sent. */
function lowerMedian(arrays: readonly (NdArray | undefined)[]): NdArray {
  const [first] = arrays;
  if (!first) throw new TandemError('INTERNAL', 'there is nothing to aggregate');
  const data = first.data.map((_, i) => {
    const values = arrays.map((array) => array?.data[i] ?? 0).sort((a, b) => a - b);
    return values[(values.length - 1) >> 1] ?? 0;
  });
  return { ...first, data };
}
