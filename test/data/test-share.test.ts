import { describe, expect, it } from 'vitest';
import { arrayDataset, originOf, type Dataset } from '../../shared/data/dataset.js';
import { keepForTest, splitForTest } from '../../shared/data/test-share.js';
import { float32, ndarray } from '../../shared/ndarray.js';

function labelled(labels: readonly number[]): Dataset {
  const rows = labels.length;
  return arrayDataset(
    [
      float32(
        [rows, 1],
        labels.map((_, i) => i),
      ),
    ],
    [float32([rows], labels)],
  );
}

const rowsOf = (dataset: Dataset) => Array.from({ length: dataset.size }, (_, row) => originOf(dataset, row));
const counts = (dataset: Dataset) => {
  const found = new Map<number, number>();
  for (let row = 0; row < dataset.size; row++) found.set(dataset.label(row), (found.get(dataset.label(row)) ?? 0) + 1);
  return [...found].sort(([a], [b]) => a - b).map(([, count]) => count);
};

describe('the rows that are kept for testing', () => {
  it.each([2, 3, 5, 7, 10])('are of all classes, where these come in turns of %i', (period) => {
    const { train, test } = splitForTest(labelled(Array.from({ length: 200 }, (_, i) => i % period)));
    expect([train.size, test.size]).toEqual([160, 40]);
    for (const count of counts(test)) expect(Math.abs(count - 40 / period)).toBeLessThanOrEqual(1);
    expect([...rowsOf(train), ...rowsOf(test)].sort((a, b) => a - b)).toEqual(Array.from({ length: 200 }, (_, i) => i));
  });

  it('are of a rare class, and of blocks that are sorted', () => {
    const labels = [...Array<number>(90).fill(0), ...Array<number>(10).fill(7)];
    expect(counts(splitForTest(labelled(labels)).test)).toEqual([18, 2]);
    expect(counts(splitForTest(labelled([...labels].reverse())).test)).toEqual([18, 2]);
  });

  it('are small and large ones where labels are numbers', () => {
    const { test } = splitForTest(labelled(Array.from({ length: 100 }, (_, i) => Math.sin(i) * 1000)));
    const below = Array.from({ length: test.size }, (_, row) => test.label(row)).filter((label) => label < 0).length;
    expect(Math.abs(below - 10)).toBeLessThanOrEqual(1);
  });

  it('are the same for the same seed, others for another', () => {
    const all = labelled(Array.from({ length: 60 }, (_, i) => i % 3));
    const kept = (seed?: number) => rowsOf(splitForTest(all, 5, seed === undefined ? {} : { seed }).test);
    expect(kept()).toEqual(kept(0));
    expect(kept(1)).not.toEqual(kept(0));
    // Written down: a run that is resumed with a later version must test on these again.
    expect(kept()).toEqual(KEPT);
  });

  it('are chosen without labels only where all parties choose so', () => {
    const features = arrayDataset([float32([20, 1], new Float32Array(20))], []);
    expect(() => splitForTest(features)).toThrow(/without labels cannot be chosen by label/);
    const labels = arrayDataset(
      [],
      [
        ndarray(
          'int32',
          [20],
          Int32Array.from({ length: 20 }, (_, i) => i % 2),
        ),
      ],
    );
    const [one, other] = [features, labels].map((party) => rowsOf(splitForTest(party, 4, { byLabel: false }).test));
    expect(one).toEqual(other);
    expect(one?.length).toBe(5);
  });

  it('are none where there are few, unless that is asked for', () => {
    const few = labelled([1, 0, 1, 0, 1, 1]);
    expect(keepForTest(few, undefined).test).toBeUndefined();
    expect(keepForTest(few, 3).test?.size).toBe(2);
    expect(() => splitForTest(few, 1)).toThrow(/testEvery is 1/);
  });
});

const KEPT = [4, 12, 14, 18, 19, 27, 35, 44, 47, 54, 55, 58];
