import { describe, expect, it } from 'vitest';
import { initialState, type AggregatorState, type Contribution } from '../../server/aggregation/aggregator.js';
import { createAggregator } from '../../server/aggregation/create-aggregator.js';
import { krumScores } from '../../server/aggregation/krum-scores.js';
import { parseAggregation } from '../../shared/aggregation.js';
import type { WeightSpec } from '../../shared/model/segment-spec.js';
import { withoutStart } from '../../shared/model/start-shares.js';
import { float32, int32, type NdArray } from '../../shared/ndarray.js';
import { mixedSpecs, vectors, vectorSpecs } from '../helpers/replicas.js';

/** One round of a rule on vectors; `clients` is what the run was started with. */
function aggregate(
  text: string,
  current: readonly number[],
  contributions: readonly Contribution[],
  { clients = contributions.length, state = initialState }: { clients?: number; state?: AggregatorState } = {},
) {
  const aggregator = createAggregator(parseAggregation(text, clients), vectorSpecs(current.length));
  const result = aggregator([float32([current.length], current)], contributions, state);
  return { values: Array.from(result.weights[0]?.data ?? []), state: result.state };
}

function close(values: readonly number[], expected: readonly number[]): void {
  expect(values).toHaveLength(expected.length);
  values.forEach((value, i) => {
    expect(value).toBeCloseTo(expected[i] ?? NaN, 6);
  });
}

describe('by hand', () => {
  it('mean weighs by samples', () => {
    const { values } = aggregate(
      'mean',
      [0, 0],
      vectors(
        [
          [1.5, -7],
          [0.25, 9],
        ],
        [3, 5],
      ),
    );
    expect(values).toEqual([(3 * 1.5 + 5 * 0.25) / 8, (3 * -7 + 5 * 9) / 8]);
  });

  it('fedavgm adds what it has of the last rounds', () => {
    // Means 1.25 and 0.5 (weights 3 and 1), so changes of 0.75 from 0.5, then -0.75 from 1.25.
    const first = aggregate('fedavgm:0.6', [0.5], vectors([[1], [2]], [3, 1]));
    close(first.values, [1.25]);
    const second = aggregate('fedavgm:0.6', first.values, vectors([[0.25], [1.25]], [3, 1]), first);
    // v = 0.6 * 0.75 - 0.75 = -0.3.
    close(second.values, [0.95]);
  });

  it.each([
    // v = 0.99e-6 + 0.01 * 0.09; then v = 0.99 v + 0.01 * 0.16.
    ['fedadam', 0.99 * 1e-6 + 0.01 * 0.09, (v: number) => 0.99 * v + 0.01 * 0.16],
    // v = 1e-6 + 0.01 * 0.09, as d^2 is above v both times.
    ['fedyogi', 1e-6 + 0.01 * 0.09, (v: number) => v + 0.01 * 0.16],
  ])('%s divides by the root of the second moment and keeps both moments', (rule, v1, next) => {
    const first = aggregate(`${rule}:0.05`, [2], vectors([[2.2], [2.6]], [3, 1]));
    const m1 = 0.1 * 0.3;
    const w1 = 2 + (0.05 * m1) / (Math.sqrt(v1) + 1e-3);
    close(first.values, [w1]);
    const second = aggregate(`${rule}:0.05`, first.values, vectors([[w1 - 0.4], [w1 - 0.4]], [3, 1]), first);
    const m2 = 0.9 * m1 - 0.1 * 0.4;
    close(second.values, [w1 + (0.05 * m2) / (Math.sqrt(next(v1)) + 1e-3)]);
  });

  it('fedyogi lowers its second moment by what the change is, not by a part of itself', () => {
    const state = { slots: [Float64Array.of(0), Float64Array.of(0.5)] };
    const next = aggregate('fedyogi', [1], vectors([[1.3], [1.3]]), { state }).state.slots[1]?.[0];
    expect(next).toBeCloseTo(0.5 - 0.01 * 0.09, 6);
  });

  it('median takes the middle of each place, of an even number the mean of two', () => {
    const rows = [
      [3, -1],
      [100, 0.5],
      [5, 7],
      [4, -900],
    ];
    expect(aggregate('median', [0, 0], vectors(rows.slice(0, 3))).values).toEqual([5, 0.5]);
    expect(aggregate('median', [0, 0], vectors(rows, [90, 1, 1, 1])).values).toEqual([4.5, -0.25]);
  });

  it('trimmed-mean leaves out its fraction at either end, at least one of three', () => {
    const rows = [[-50], [1], [2.5], [4], [8], [9], [11], [900], [901], [-60]];
    expect(aggregate('trimmed-mean:0.2', [0], vectors(rows)).values).toEqual([
      Math.fround((1 + 2.5 + 4 + 8 + 9 + 11) / 6),
    ]);
    expect(aggregate('trimmed-mean:0.1', [0], vectors(rows.slice(0, 3))).values).toEqual([1]);
    expect(aggregate('trimmed-mean:0.2', [0], vectors(rows.slice(1, 3)), { clients: 10 }).values).toEqual([1.75]);
    // 0.29 * 100 is a little less than 29 in float64.
    const hundred = vectors(Array.from({ length: 100 }, (_, i) => [i < 71 ? 0 : 1000]));
    expect(aggregate('trimmed-mean:0.29', [0], hundred).values).toEqual([0]);
  });

  // Pairs of squared distances: the cluster 1, 1.5, 2.5, 4 and the strangers 30 and -40, 41.
  const seven = [[30], [1], [1.5], [2.5], [4], [-40], [41]];

  it('krum takes the replica whose nearest others are nearest', () => {
    // f = 2: three neighbours. 1: 0.25 + 2.25 + 9; 1.5: 0.25 + 1 + 6.25 = 7.5; 2.5: 1 + 2.25 + 2.25 = 5.5; 4: 2.25 + 6.25 + 9.
    const replicas = seven.map((row, client) => ({
      ...{ client, samples: 3, averages: [] },
      ...{ trained: Float64Array.from(row), moving: new Float64Array() },
    }));
    expect(krumScores(replicas, 3).slice(1, 5)).toEqual([11.5, 7.5, 5.5, 17.5]);
    expect(aggregate('krum:2', [0], vectors(seven)).values).toEqual([2.5]);
  });

  it('multi-krum takes the mean of all but f, every client counting the same', () => {
    // The four of the cluster, and 30: its nearest are 41, 4 and 2.5, those of 41 are 30, 4 and 2.5.
    const { values } = aggregate('multi-krum:2', [0], vectors(seven, [9, 1, 1, 1, 1, 1, 1]));
    expect(values).toEqual([Math.fround((30 + 1 + 1.5 + 2.5 + 4) / 5)]);
  });

  it.each(['krum:2', 'multi-krum:2'])('%s falls back when clients have left', (rule) => {
    const six = vectors(seven.slice(0, 6));
    expect(aggregate(rule, [0.5], six, { clients: 9 }).values).toEqual([2]);
    expect(aggregate(rule, [0.5], six.slice(0, 5), { clients: 9 }).values).toEqual([2.5]);
    expect(aggregate(rule, [0.5], six.slice(0, 4), { clients: 9 }).values).toEqual([0.5]);
  });

  it('clip shortens an update that is too long, and no other', () => {
    // From (1, 1): updates (3, 4), as long as 5, and (0.3, -0.4), as long as 0.5.
    const given = vectors(
      [
        [4, 5],
        [1.3, 0.6],
      ],
      [3, 1],
    );
    close(aggregate('clip:2', [1, 1], given).values, [(3 * 2.2 + 1.3) / 4, (3 * 2.6 + 0.6) / 4]);
    close(aggregate('clip:7', [1, 1], given).values, [(3 * 4 + 1.3) / 4, (3 * 5 + 0.6) / 4]);
    const five = vectors([
      [101, 1],
      [3, 1],
      [5, 1],
      [1, 1],
      [1, -2],
    ]);
    close(aggregate('clip:2.5+median', [1, 1], five).values, [3, 1]);
  });

  it('gives integer weights their lower median and moving averages the mean', () => {
    const weights = (moving: number, count: number) => [
      float32([2, 3], [1, 2, 3, 4, 5, 6]),
      float32([3], [moving, 0.5, 0.25]),
      int32([2], [count, 3]),
      float32([], [7]),
    ];
    const contributions = [
      { client: 2, samples: 1, weights: weights(8, 13) },
      { client: 1, samples: 3, weights: weights(4, 11) },
    ];
    const aggregator = createAggregator(parseAggregation('fedavgm', 2), mixedSpecs);
    const result = aggregator(weights(0, 0), contributions, initialState);
    expect(result.weights).toEqual(weights(5, 11));
    expect(result.state.slots[0]).toHaveLength(7);
  });

  describe('averages that clients gathered', () => {
    const norm = (index: number, shape: number[]) => ({
      ...{ layer: 'norm', index, dtype: 'float32' as const, shape, trainable: false },
    });
    const specs: readonly WeightSpec[] = [
      { layer: 'dense', index: 0, dtype: 'float32', shape: [1], trainable: true },
      norm(0, [2]),
      norm(1, [2]),
      { ...norm(2, []), startShare: { mean: 0, variance: 1 } },
    ];
    /** What a client holds that saw this mean and variance for so many steps. */
    const held = (mean: number[], variance: number[], steps: number, weight = 0) => {
      const share = 0.99 ** steps;
      return [
        float32([1], [weight]),
        float32(
          [2],
          mean.map((value) => value * (1 - share)),
        ),
        float32(
          [2],
          variance.map((value) => value * (1 - share) + share),
        ),
        float32([], [share]),
      ];
    };
    const merged = (rule: string, ...replicas: ReturnType<typeof held>[]) => {
      const contributions = replicas.map((weights, client) => ({ client, samples: 5, weights }));
      return createAggregator(parseAggregation(rule, 5), specs)(held([0, 0], [1, 1], 0), contributions, initialState)
        .weights;
    };
    const gathered = (weights: readonly NdArray[], expected: readonly number[]) => {
      const used = withoutStart(specs, weights).flatMap(({ data }) => [...data]);
      expected.forEach((value, i) => expect((used[i + 1] ?? NaN) / value).toBeCloseTo(1, 3));
    };

    it.each(['median', 'trimmed-mean:0.2', 'clip:3', 'clip:3+fedavgm:0.5'])(
      'are compared without their start, whatever steps clients made: %s',
      (rule) => {
        const weights = merged(
          rule,
          held([7, -2], [3, 0.4], 64),
          held([6, -3], [4, 0.2], 3),
          held([8, -4], [5, 0.3], 700),
        );
        gathered(weights, [7, -3, 4, 0.3]);
      },
    );

    it.each(['clip:0.25', 'clip:0.25+median', 'clip:0.25+fedadam:0.01', 'clip:0.25+multi-krum:1'])(
      'are not held back by %s',
      (rule) => {
        const one = held([700, -20], [3000, 0.4], 64, 50);
        const weights = merged(rule, one, one, one, one, one);
        gathered(weights, [700, -20, 3000, 0.4]);
        expect(weights[0]?.data[0]).toBeLessThan(0.3);
      },
    );

    it('of one hostile client count for little behind a clip', () => {
      const honest = held([7, -2], [3, 0.4], 64);
      const weights = merged('clip:1', honest, held([1e12, -1e12], [1e13, 0], 64), honest, honest);
      gathered(weights, [7, -2, 3, 0.4]);
    });
  });

  it('refuses a result that is not finite', () => {
    const state = { slots: [Float64Array.of(3e38)] };
    expect(() => aggregate('fedavgm', [3e38], vectors([[3e38]]), { state })).toThrow(
      /aggregated weight dense\/0 holds Infinity at 0/,
    );
  });
});
