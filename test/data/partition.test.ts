import { describe, expect, it } from 'vitest';
import { BatchOrder, consecutiveBatches } from '../../shared/data/batch-order.js';
import { dealData, parsePartition, partitionRows } from '../../shared/data/partition.js';
import { createRng } from '../../shared/rng.js';
import { madeUpDigits } from '../helpers/digits.js';

const { train } = madeUpDigits(503);

describe('partitions', () => {
  it.each([
    ['dirichlet:0.2', 2, 400_001, 2],
    ['dirichlet:5', 1, 190_000, 3],
    ['shards:1', 2, 390_000, 2],
  ])('%s deals more rows of a class than a call has arguments', (text, clients, size, classes) => {
    const dataset = { size, batch: () => ({ inputs: [], labels: [] }), label: (row: number) => row % classes };
    const parts = partitionRows(dataset, clients, parsePartition(text), 7);
    expect(parts.reduce((sum, rows) => sum + rows.length, 0)).toBe(size);
  });

  it.each(['iid', 'shards:2', 'dirichlet:0.5'])(
    '%s deals every row to exactly one client, the same for the same seed',
    (text) => {
      const parts = partitionRows(train, 7, parsePartition(text), 31);
      expect(parts.flatMap((rows) => Array.from(rows)).sort((a, b) => a - b)).toEqual(
        Array.from({ length: 503 }, (_, i) => i),
      );
      expect(partitionRows(train, 7, parsePartition(text), 31)).toEqual(parts);
      expect(partitionRows(train, 7, parsePartition(text), 32)).not.toEqual(parts);
    },
  );

  it('gives a client few classes with shards:1 and all of them with iid', () => {
    const classes = (text: string) =>
      partitionRows(train, 5, parsePartition(text), 3).map(
        (rows) => new Set(Array.from(rows, (row) => train.label(row))).size,
      );
    expect(Math.max(...classes('shards:1'))).toBeLessThanOrEqual(4);
    expect(classes('iid')).toEqual([10, 10, 10, 10, 10]);
  });

  it('is more uneven the smaller alpha is', () => {
    const spread = (text: string) => {
      const sizes = partitionRows(train, 5, parsePartition(text), 3).map((rows) => rows.length);
      return Math.max(...sizes) - Math.min(...sizes);
    };
    expect(spread('dirichlet:0.3')).toBeGreaterThan(spread('dirichlet:100'));
  });

  it('deals training samples up to the limit and all test samples', () => {
    const data = madeUpDigits(503);
    const parts = dealData(data, { clients: 4, partition: 'iid', limit: 101, seed: 77 });
    expect(parts.map((part) => part.train.size)).toEqual([26, 25, 25, 25]);
    expect(parts.map((part) => part.test?.size)).toEqual([26, 25, 25, 25]);
    const rows = partitionRows(train, 4, { kind: 'iid' }, 77);
    const all = dealData(data, { clients: 4, partition: 'iid', limit: undefined, seed: 77 });
    expect(all[2]?.train.label(5)).toBe(train.label(rows[2]?.[5] ?? -1));
    expect(all[3]?.test?.label(1)).toBe(data.test?.label(7));
  });
});

describe('the order of batches', () => {
  it('visits every row once an epoch, in another order each time, and can start anywhere', () => {
    const options = { size: 23, batch: 5, seed: 3, client: 2 };
    const order = new BatchOrder(options);
    const epoch = (first: number) => Array.from({ length: 5 }, (_, i) => Array.from(order.rows(first + i)));
    const [one, two] = [epoch(0), epoch(5)];
    expect(one.map((rows) => rows.length)).toEqual([5, 5, 5, 5, 3]);
    for (const rows of [one, two])
      expect(rows.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: 23 }, (_, i) => i));
    expect(one).not.toEqual(two);
    expect(Array.from(new BatchOrder(options).rows(7))).toEqual(two[2]);
    expect(Array.from(new BatchOrder({ ...options, client: 3 }).rows(7))).not.toEqual(two[2]);
  });

  it('takes consecutive rows for evaluation', () => {
    expect([...consecutiveBatches(7, 3)].map((rows) => Array.from(rows))).toEqual([[0, 1, 2], [3, 4, 5], [6]]);
  });
});

describe('the random generator', () => {
  it('is uniform, and normal and gamma have their moments', () => {
    const seed = 41;
    const rng = createRng('moments', seed);
    const moments = (draw: () => number) => {
      const values = Array.from({ length: 20_000 }, draw);
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length };
    };
    for (const [draw, mean, variance] of [
      [rng.float, 0.5, 1 / 12],
      [() => rng.normal(), 0, 1],
      [() => rng.gamma(0.3), 0.3, 0.3],
      [() => rng.gamma(4.5), 4.5, 4.5],
    ] as const) {
      const found = moments(draw);
      expect(Math.abs(found.mean - mean), `seed ${seed}`).toBeLessThan(0.05);
      expect(Math.abs(found.variance - variance) / variance, `seed ${seed}`).toBeLessThan(0.1);
    }
  });

  it('differs by every part of its path', () => {
    const firsts = [['a', 1], ['a', 2], ['b', 1], ['a/1'], ['a', 1, 0]].map((path) => createRng(...path).float());
    expect(new Set(firsts.slice(0, 3)).size).toBe(3);
    expect(firsts[4]).not.toBe(firsts[0]);
  });
});
