import { describe, expect, it } from 'vitest';
import { initialState, type Contribution } from '../../server/aggregation/aggregator.js';
import { createAggregator } from '../../server/aggregation/create-aggregator.js';
import { parseAggregation } from '../../shared/aggregation.js';
import { float32, identical } from '../../shared/ndarray.js';
import { createRng } from '../../shared/rng.js';
import { vectors, vectorSpecs } from '../helpers/replicas.js';

const seed = 613;

/** The result of one round for each order of arrival: by number, reversed, then shuffled. */
function inAllOrders(rule: string, rows: readonly (readonly number[])[]) {
  const inOrder = vectors(
    rows,
    rows.map(() => 1),
  );
  const rng = createRng('arrival', seed);
  const shuffled = Array.from({ length: 7 }, () =>
    Array.from(rng.permutation(rows.length), (i) => inOrder[i] as Contribution),
  );
  const aggregator = createAggregator(parseAggregation(rule, rows.length), vectorSpecs(1));
  return [inOrder, [...inOrder].reverse(), ...shuffled].map(
    (arrived) => aggregator([float32([1], [0])], arrived, initialState).weights[0] ?? float32([0], []),
  );
}

// Ordinary values add up in float64 almost without rounding, whatever their order; only these tell one order from another.
describe('whoever arrives first, the bits are the same', () => {
  it.each(['mean', 'clip:1e30', 'fedavgm', 'fedadam', 'fedyogi', 'median', 'trimmed-mean:0.2'])(
    'of %s, where large values cancel',
    (rule) => {
      // In this order each small value is lost beside a large one; other orders keep some.
      const [first, ...others] = inAllOrders(rule, [[1e20], [1.5], [-1e20], [2.25], [-3e19], [7], [3e19]]);
      for (const [i, other] of others.entries()) {
        expect(first && identical(other, first), `seed ${seed}, order ${i + 1}`).toBe(true);
      }
    },
  );

  it.each([
    // 1 and -1 have the same score, 14: the lower client number, 2, is taken.
    ['krum:1', 1],
    // 5 and -5 have the same score: the higher client number, 5, is left out of (5 - 2 + 1 - 1 + 2) / 5.
    ['multi-krum:1', 1],
  ])('of %s, where scores are equal', (rule, expected) => {
    const results = inAllOrders(rule, [[5], [-2], [1], [-1], [2], [-5]]);
    expect(results.map(({ data }) => data[0])).toEqual(results.map(() => expected));
  });
});
