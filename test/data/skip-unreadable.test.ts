import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { asTheRunReads } from '../../client/browser/data/as-the-run-reads.js';
import type { ClassifiedFile, DataSource } from '../../client/browser/data/data-source.js';
import { loadSource } from '../../client/browser/data/load-source.js';
import { readAsked } from '../../client/node/own/asked-data.js';
import { findSource } from '../../client/node/own/find-source.js';
import { lookAt, readOwn } from '../../client/node/own/own-data.js';
import type { Dataset } from '../../shared/data/dataset.js';
import { bytesOf } from '../../shared/ndarray.js';
import type { Preparation } from '../../shared/preparation/preparation.js';
import { pictureFiles, soundFiles } from '../helpers/own-files.js';
import { folderOf } from '../helpers/temp-files.js';

type Files = Record<string, Uint8Array>;

const text = new TextEncoder().encode('not what its name says');
const half = (bytes: Uint8Array = new Uint8Array()) => bytes.subarray(0, bytes.length >> 1);

/** Files as people have them: three of each kind cannot be read, for another reason each. */
const kinds: readonly (readonly [string, Files, number, RegExp])[] = (() => {
  const [pictures, sounds] = [pictureFiles(12), soundFiles(12)];
  return [
    [
      'pictures',
      {
        ...pictures,
        'above/0.png': half(pictures['above/0.png']),
        'below/bad.jpg': text,
        'below/9.jpg': new Uint8Array(),
      },
      22,
      /^3 files cannot be read and are left out: .*above\/0\.png.*below\/9\.jpg.*below\/bad\.jpg is neither PNG nor JPEG/,
    ],
    [
      'sounds',
      { ...sounds, 'high/3.wav': new Uint8Array(), 'low/bad.wav': text, 'low/11.wav': new Uint8Array(60) },
      22,
      /^3 files cannot be read and are left out: high\/3\.wav.*low\/11\.wav.*low\/bad\.wav/,
    ],
  ];
})();

/** All numbers of all rows, quickly compared. */
async function rowsOf(data: Dataset): Promise<string> {
  const { inputs, labels } = await data.batch(Array.from({ length: data.size }, (_, row) => row));
  const hash = createHash('sha256');
  for (const array of [...inputs, ...labels]) hash.update(bytesOf(array));
  return hash.digest('hex');
}

/** The same files as a person drops them onto the page. */
function given(files: Files, kind: 'images' | 'sounds', preparation: Preparation): DataSource {
  const classified = Object.entries(files)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, bytes]): ClassifiedFile => ({
      file: new Blob([bytes as Uint8Array<ArrayBuffer>]),
      path,
      label: path.split('/')[0] ?? '',
    }));
  return asTheRunReads({ kind, files: classified }, { preparation, chances: 'softmax' } as never);
}

describe.each(kinds)('%s that cannot be read', (name, files, readable, said) => {
  it('end the reading, with the flag that leaves them out', async () => {
    const source = await findSource(await folderOf(files));
    await expect(lookAt(source, {})).rejects.toMatchObject({
      code: 'BAD_DATA',
      action: expect.stringContaining('--skip-unreadable') as string,
    });
  });

  it('are left out where that is asked for, counted and named; in a run that goes on and in a tab, too', async () => {
    const source = await findSource(await folderOf(files));
    const { preparation, data, notes, rows } = await lookAt(source, { skipUnreadable: true, size: [8, 8] });
    expect(notes.find((note) => note.includes('cannot be read'))).toMatch(said);
    expect(rows + (data.test?.size ?? 0)).toBe(readable);
    const again = await readOwn(source, preparation);
    expect(await rowsOf(again.train)).toBe(await rowsOf(data.train));
    expect(again.notes?.join()).toContain('3 files cannot be read');

    const source2 = given(files, name === 'sounds' ? 'sounds' : 'images', preparation);
    const shape = (await data.train.batch([0])).inputs[0]?.shape.slice(1) ?? [];
    const tab = await loadSource(source2, { name: 'x', dtype: 'float32', shape } as never);
    expect(await rowsOf(tab.data.train)).toBe(await rowsOf(data.train));
    expect(tab.data.notes?.join()).toContain('3 files cannot be read');
  });

  it('end an answer with that flag, or are left out of the answers', async () => {
    const source = await findSource(await folderOf(files));
    const { preparation, rows, data } = await lookAt(source, { skipUnreadable: true, size: [8, 8] });
    const strict = await readAsked(source, { ...preparation, skipUnreadable: false } as Preparation);
    const all = Array.from({ length: strict.size }, (_, row) => row);
    await expect(strict.inputs(all)).rejects.toMatchObject({
      code: 'BAD_DATA',
      action: expect.stringContaining('--skip-unreadable') as string,
    });
    const asked = await readAsked(source, preparation);
    expect(asked.size).toBe(rows + (data.test?.size ?? 0));
    expect(asked.notes.join()).toContain('3 files cannot be read');
    const [inputs] = await asked.inputs(Array.from({ length: asked.size }, (_, row) => row));
    expect(inputs?.shape[0]).toBe(readable);
  });

  it('are an error where there are no others', async () => {
    const bad = Object.fromEntries(Object.keys(files).map((path) => [path, text]));
    const source = await findSource(await folderOf(bad));
    await expect(lookAt(source, { skipUnreadable: true })).rejects.toThrow(/none of the files can be read: .*0/);
  });
});

it('files of other kinds are left out with them', async () => {
  const files = { ...pictureFiles(11), 'above/a.webp': text, 'below/b.heic': text };
  const source = await findSource(await folderOf(files));
  await expect(lookAt(source, {})).rejects.toThrow('neither PNG nor JPEG');
  const { notes } = await lookAt(source, { skipUnreadable: true });
  expect(notes).toContain('2 other files left out, such as above/a.webp');
});
