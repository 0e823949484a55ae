import { describe, expect, it } from 'vitest';
import { asTheRunReads } from '../../client/browser/data/as-the-run-reads.js';
import type { DataSource } from '../../client/browser/data/data-source.js';
import { loadSource } from '../../client/browser/data/load-source.js';
import { lookAt } from '../../client/node/own/own-data.js';
import { findSource } from '../../client/node/own/find-source.js';
import { folderOf } from '../helpers/temp-files.js';
import { mixedTable } from '../helpers/own-tables.js';

describe('a table chosen in a tab', () => {
  it('is read as the run says, as in Node: words, gaps and all', async () => {
    const text = mixedTable(60);
    const folder = await folderOf({ 'd.csv': text });
    const { preparation, data } = await lookAt(await findSource(`${folder}/d.csv`), {});
    // What the page suggests is the last column, among numbers alone.
    const chosen: DataSource = { kind: 'table', file: new Blob([text]), name: 'd.csv', label: 'income' };
    const read = await loadSource(asTheRunReads(chosen, { preparation, chances: 'Softmax' }), undefined);
    expect(read.data.train.size).toBe(data.train.size);
    const rows = [...Array(data.train.size).keys()];
    expect(await read.data.train.batch(rows)).toEqual(await data.train.batch(rows));
    expect(read.data.names).toEqual(data.names);
  });

  it('keeps a schema of its own, and is numbers where the run says nothing', () => {
    const own: DataSource = { kind: 'table', file: new Blob([]), name: 'd.csv', schema: { columns: [] } };
    const plain: DataSource = { kind: 'table', file: new Blob([]), name: 'd.csv', label: 'b' };
    const table = { columns: [{ name: 'a', kind: 'label' as const }] };
    expect(asTheRunReads(own, { preparation: { kind: 'table', table }, chances: null })).toBe(own);
    expect(asTheRunReads(plain, null)).toBe(plain);
    expect(asTheRunReads(plain, { preparation: { kind: 'table', table }, chances: null })).toMatchObject({
      schema: table,
    });
  });

  it('has the classes of pictures that the run names', () => {
    const preparation = {
      ...{ kind: 'images' as const, size: [8, 8] as const, channels: 1 as const },
      answer: { kind: 'classes' as const, name: 'class', classes: ['cat', 'dog'] },
    };
    const pictures: DataSource = { kind: 'images', files: [] };
    expect(asTheRunReads(pictures, { preparation, chances: null })).toMatchObject({ classes: ['cat', 'dog'] });
  });
});
