import { describe, expect, it } from 'vitest';
import { initialState, type Contribution } from '../../server/aggregation/aggregator.js';
import { createAggregator } from '../../server/aggregation/create-aggregator.js';
import { parseAggregation, ruleNames } from '../../shared/aggregation.js';
import { float32, identical, type NdArray } from '../../shared/ndarray.js';
import { createRng } from '../../shared/rng.js';
import { mixedContributions, mixedSpecs, mixedWeights } from '../helpers/replicas.js';

const CLIENTS = 9;
const seed = 4241;
const all = ruleNames.flatMap((name) => [name, `clip:2.3+${name}`]);
/** Rules that begin with a step of their own length; the others answer a lone client's weights. */
const stepping = ['fedadam', 'fedyogi'];

describe.each(all)('%s', (text) => {
  const aggregator = createAggregator(parseAggregation(text, CLIENTS), mixedSpecs);
  const current = mixedWeights(seed, 'current');
  const given = mixedContributions(CLIENTS, seed);

  it('does not depend on the order of arrival, bit for bit, round after round', () => {
    const rng = createRng('arrival', seed);
    const inOrder = rounds((contributions) => contributions);
    for (let attempt = 0; attempt < 5; attempt++) {
      const shuffled = rounds((contributions) =>
        Array.from(rng.permutation(contributions.length), (i) => contributions[i] as Contribution),
      );
      expect(shuffled.map(alike(inOrder)), `seed ${seed}, attempt ${attempt}`).toEqual(inOrder.map(() => true));
    }
  });

  it('keeps shapes and dtypes, and changes nothing it was given', () => {
    const before = structuredClone({ current, given });
    const { weights } = aggregator(current, given, initialState);
    expect(weights.map(({ dtype, shape, data }) => [dtype, shape, data.length])).toEqual(
      current.map(({ dtype, shape, data }) => [dtype, shape, data.length]),
    );
    expect({ current, given }).toEqual(before);
  });

  it('goes on from a state that was written down', () => {
    const first = aggregator(current, given, initialState);
    const next = mixedContributions(CLIENTS, seed + 1);
    const straight = aggregator(first.weights, next, first.state);
    const resumed = aggregator(first.weights, next, structuredClone(first.state));
    expect(straight.weights.map(alike(resumed.weights))).toEqual(mixedSpecs.map(() => true));
    expect(resumed.state).toEqual(straight.state);
  });

  it('stays where clients agree, without NaN', () => {
    const same = given.map((contribution) => ({ ...contribution, weights: current }));
    let state = initialState;
    for (let round = 0; round < 3; round++) {
      const result = aggregator(current, same, state);
      ({ state } = result);
      expect(largestChange(result.weights, current)).toBeLessThan(1e-6);
    }
  });

  it('takes as few as arrive, and without any stays where it was', () => {
    for (let count = 1; count < CLIENTS; count++) {
      const { weights } = aggregator(current, given.slice(0, count), initialState);
      expect(weights.flatMap(({ data }) => [...data]).every(Number.isFinite), `${count} clients`).toBe(true);
    }
    expect(aggregator(current, [], initialState)).toEqual({ weights: current, state: initialState });
  });

  it('takes moving averages from what clients have, never outside of it', () => {
    const { weights } = aggregator(current, given, initialState);
    const moving = weights[1]?.data ?? [];
    expect(moving).toHaveLength(3);
    Array.from(moving, (value, i) => {
      const sent = [current, ...given.map((contribution) => contribution.weights)].map((w) => w[1]?.data[i] ?? 0);
      expect(value).toBeGreaterThanOrEqual(Math.min(...sent));
      expect(value).toBeLessThanOrEqual(Math.max(...sent));
    });
  });

  it('refuses weights of another size', () => {
    const short = given.map((contribution, i) =>
      i === 4 ? { ...contribution, weights: [float32([2, 2], [1.5, 2, 3, 4]), ...current.slice(1)] } : contribution,
    );
    expect(() => aggregator(current, short, initialState)).toThrow(/weight dense\/0 differs in size/);
  });

  /** Three rounds on different replicas; answers the last weights. */
  function rounds(arrange: (contributions: Contribution[]) => Contribution[]): NdArray[] {
    let [weights, state] = [current, initialState];
    for (let round = 0; round < 3; round++) {
      const result = aggregator(weights, arrange(mixedContributions(CLIENTS, seed + round)), state);
      [weights, state] = [result.weights, result.state];
    }
    return weights;
  }
});

describe.each(ruleNames.filter((name) => !stepping.includes(name) && !name.endsWith('krum')))('%s alone', (text) => {
  it('answers the weights of a lone client, bit for bit', () => {
    const [only] = mixedContributions(1, seed);
    const aggregator = createAggregator(parseAggregation(text, CLIENTS), mixedSpecs);
    // Starting from zero, where adding the update back is exact; -0 is a value too.
    const weights = (only?.weights ?? []).map((weight, i) =>
      i === 3 ? float32([], [text === 'fedavgm' ? 0.75 : -0]) : weight,
    );
    const zero = weights.map((weight) => ({ ...weight, data: weight.data.map(() => 0) }));
    const result = aggregator(zero, [{ client: 5, samples: 13, weights }], initialState);
    expect(result.weights.map(alike(weights))).toEqual(mixedSpecs.map(() => true));
  });
});

function alike(others: readonly NdArray[]) {
  return (weight: NdArray, i: number) => identical(weight, others[i] as NdArray);
}

function largestChange(a: readonly NdArray[], b: readonly NdArray[]): number {
  return Math.max(...a.flatMap(({ data }, w) => Array.from(data, (v, i) => Math.abs(v - (b[w]?.data[i] ?? NaN)))));
}
