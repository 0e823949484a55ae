import { mkdtemp, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MemoryRows, type Rows } from '../../shared/checkpoint/row-store.js';
import { FileRowStore, ScratchRows } from '../../storage/row-files.js';

const kinds: Readonly<Record<string, () => Promise<Rows>>> = {
  'in memory': () => Promise.resolve(new MemoryRows()),
  'in a file': async () => new FileRowStore(await mkdtemp(join(tmpdir(), 'tandem-rows-'))).open('pool-1'),
  'in memory, then in a file': () => Promise.resolve(new ScratchRows(5_000_000)),
};

describe.each(Object.entries(kinds))('rows %s', (_, open) => {
  it('are read as they were appended, over all sizes of blocks, and forgotten from where they are cut', async () => {
    const rows = await open();
    const whole = Uint8Array.from({ length: 9_500_003 }, (_value, i) => (i * 31 + (i >> 9)) % 251);
    for (let at = 0, length = 1; at < whole.length; at += length, length = 7 * length + 3)
      rows.append(whole.subarray(at, at + length));
    expect(rows.length).toBe(whole.length);
    for (const [at, length] of [
      [0, 1],
      [4_194_300, 9],
      [123_457, 8_500_001],
      [9_500_000, 3],
    ] as const) {
      const into = new Uint8Array(length);
      rows.read(at, into);
      expect(Buffer.compare(into, whole.subarray(at, at + length))).toBe(0);
    }
    rows.cut(4_194_307);
    rows.append(Uint8Array.of(9, 8, 7));
    const end = new Uint8Array(5);
    rows.read(4_194_305, end);
    expect([rows.length, ...end]).toEqual([4_194_310, whole[4_194_305], whole[4_194_306], 9, 8, 7]);
    await rows.flush();
    rows.close();
  });
});

it('a file of rows is there again, and one that is needed no more is gone', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tandem-rows-'));
  const store = new FileRowStore(folder);
  const rows = store.open('a');
  rows.append(Uint8Array.of(1, 2, 3));
  rows.close();
  store.open('b').close();
  const again = store.open('a');
  expect(again.length).toBe(3);
  store.keepOnly(['b']);
  expect(await readdir(folder)).toEqual(['b.rows']);
});
