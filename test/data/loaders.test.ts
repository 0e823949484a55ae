import { gzipSync } from 'node:zlib';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadCsv } from '../../client/node/data/csv.js';
import { loadIdx } from '../../client/node/data/idx.js';
import { originOf } from '../../shared/data/dataset.js';
import { parseIdx } from '../../shared/data/idx.js';
import { loadMnist } from '../../client/node/data/mnist.js';

async function file(content: string): Promise<string> {
  const path = join(await mkdtemp(join(tmpdir(), 'tandem-')), 'table.csv');
  await writeFile(path, content);
  return path;
}

describe('MNIST', () => {
  it('has its digits, scaled to 0..1', async () => {
    const { train, test } = await loadMnist();
    expect([train.size, test?.size]).toEqual([60_000, 10_000]);
    // The first digits of the published files.
    expect(Array.from({ length: 6 }, (_, row) => train.label(row))).toEqual([5, 0, 4, 1, 9, 2]);
    const { inputs, labels } = await train.batch([3, 59_999]);
    expect(inputs[0]?.shape).toEqual([2, 28, 28, 1]);
    expect(Math.max(...(inputs[0]?.data ?? []))).toBe(1);
    expect(labels[0]).toMatchObject({ dtype: 'int32', shape: [2], data: Int32Array.of(1, 8) });
  });
});

describe('an idx file', () => {
  it('is read with its shape', () => {
    const bytes = Uint8Array.of(0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 9, 8, 7, 6, 5, 4);
    expect(parseIdx(bytes)).toMatchObject({ shape: [2, 3], data: Uint8Array.of(9, 8, 7, 6, 5, 4) });
    for (let length = 0; length < bytes.length; length++) {
      expect(() => parseIdx(bytes.slice(0, length))).toThrow(expect.objectContaining({ code: 'BAD_DATA' }));
    }
  });
});

describe('idx files of one’s own', () => {
  const header = (...shape: number[]) => [0, 0, 8, shape.length, ...shape.flatMap((length) => [0, 0, 0, length])];
  const images = (count: number, from: number) =>
    Uint8Array.of(...header(count, 2, 3), ...Array.from({ length: 6 * count }, (_, i) => (from + 7 * i) % 256));
  const labels = (count: number) => Uint8Array.of(...header(count), ...Array.from({ length: count }, (_, i) => i + 3));

  it('are a pair, packed or not, or a folder with the names of MNIST', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tandem-'));
    const at = (name: string) => join(folder, name);
    await expect(loadIdx(folder)).rejects.toMatchObject({ code: 'BAD_DATA', message: /has no train-images/ });
    await writeFile(at('train-images-idx3-ubyte.gz'), gzipSync(images(7, 5)));
    await writeFile(at('train-labels-idx1-ubyte'), labels(7));
    expect((await loadIdx(folder)).test).toBeUndefined();
    await writeFile(at('t10k-images-idx3-ubyte'), images(3, 40));
    await writeFile(at('t10k-labels-idx1-ubyte.gz'), gzipSync(labels(3)));
    const { train, test } = await loadIdx(folder);
    expect([train.size, test?.size, test?.label(2)]).toEqual([7, 3, 5]);
    const { inputs } = (await test?.batch([1])) ?? { inputs: [] };
    expect(inputs[0]?.shape).toEqual([1, 2, 3, 1]);
    expect(inputs[0]?.data[0]).toBeCloseTo((40 + 42) / 255, 6);

    await writeFile(at('images'), images(25, 5));
    await writeFile(at('labels'), labels(25));
    const pair = await loadIdx(at('images'), at('labels'));
    expect([pair.train.size, pair.test?.size]).toEqual([20, 5]);
  });

  it.each([
    ['files that are not there', ['nope', 'neither'], 'CANNOT_READ', /cannot read nope: it is not there/],
    ['a folder that is none', ['nope'], 'BAD_DATA', /nope is no folder/],
  ])('are refused for %s', async (_what, paths, code, message) => {
    await expect(loadIdx(...paths)).rejects.toMatchObject({ code, message });
  });
});

describe('a CSV file', () => {
  it('becomes features and labels, one row in five for testing', async () => {
    const lines = Array.from({ length: 11 }, (_, i) => `${i + 0.5},${-i},${i % 3}`);
    const { train, test } = await loadCsv(await file(['a,b,kind', ...lines].join('\n')), { testEvery: 5 });
    expect([train.size, test?.size]).toEqual([9, 2]);
    const row = test ? originOf(test, 1) : -1;
    const { inputs, labels } = (await test?.batch([1])) ?? { inputs: [], labels: [] };
    expect(inputs[0]).toMatchObject({ shape: [1, 2], data: Float32Array.of(row + 0.5, -row) });
    expect(labels[0]).toMatchObject({ shape: [1], data: Int32Array.of(row % 3) });
  });

  it.each([
    ['text in a number column', 'a,b\n1,2\n1,x', /line 3, column 'b': 'x' is not a number/],
    ['an empty cell', 'a,b\n1,', /line 2, column 'b': '' is not a number/],
    ['a short line', 'a,b\n1,2\n3', /line 3: it has 1 cells, the first line 2/],
    ['no rows', 'a,b\n', /has no rows/],
  ])('is refused with its place for %s', async (_what, content, message) => {
    await expect(loadCsv(await file(content))).rejects.toMatchObject({ code: 'BAD_DATA', message });
  });

  it('names the columns when the label is none of them', async () => {
    await expect(loadCsv(await file('a,b\n1,2'), { label: 'c' })).rejects.toMatchObject({ action: 'use one of: a, b' });
  });
});
