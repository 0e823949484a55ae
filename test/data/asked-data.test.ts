import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readAsked } from '../../client/node/own/asked-data.js';
import { findSource } from '../../client/node/own/find-source.js';
import { lookAt } from '../../client/node/own/own-data.js';
import { originOf } from '../../shared/data/dataset.js';
import { folderOf } from '../helpers/temp-files.js';
import { arrayFiles, pictureFiles, soundFiles } from '../helpers/own-files.js';
import { mixedTable, pricesTable } from '../helpers/own-tables.js';

/** One row of `mixedTable` lacks its label, and another has one that nobody knows. */
const gappy = mixedTable(60).replace(/(1003,.*,)\w+\n/, '$1\n');

describe('data that a model is asked about', () => {
  it.each([
    ['a table', { 'd.csv': mixedTable(60) }, ['d.csv'], {}],
    ['a table that lacks a label', { 'd.csv': gappy }, ['d.csv'], {}],
    ['prices', { 'd.csv': pricesTable(60) }, ['d.csv'], { label: 'price' }],
    ['pictures', pictureFiles(6), ['.'], { size: [16, 12] as const }],
    ['sounds', soundFiles(6), ['.'], {}],
    ['arrays', arrayFiles(60), ['x.npy', 'y.npy'], {}],
  ])('are read as those that it was trained on: %s', async (_, files, [data = '', labels], options) => {
    const folder = await folderOf(files);
    const source = await findSource(join(folder, data), labels && join(folder, labels));
    const looked = await lookAt(source, options);
    const asked = await readAsked(source, looked.preparation);
    expect(asked.hasLabels).toBe(true);
    for (const part of [looked.data.train, looked.data.test]) {
      if (!part) continue;
      const rows = Array.from({ length: part.size }, (_, row) => row);
      const trained = await part.batch(rows);
      const origins = rows.map((row) => originOf(part, row));
      const [inputs] = await asked.inputs(origins);
      expect(inputs?.shape).toEqual(trained.inputs[0]?.shape);
      expect(inputs?.data).toEqual(trained.inputs[0]?.data);
      expect(origins.map((row) => Math.fround(asked.label(row)))).toEqual(
        Array.from(trained.labels[0]?.data ?? [], Number),
      );
    }
  });

  it('may lack labels, have unknown ones, and be one file alone', async () => {
    const folder = await folderOf({
      'd.csv': mixedTable(60),
      'bare.csv': mixedTable(9).replaceAll(/,[^,\n]*\n/g, '\n'),
      'odd.csv': mixedTable(9).replace(/(1003,.*,)\w+\n/, '$1rich\n'),
      ...pictureFiles(6),
    });
    const { preparation } = await lookAt(await findSource(join(folder, 'd.csv')), {});
    const read = async (file: string) => readAsked(await findSource(join(folder, file)), preparation);
    const [bare, odd] = [await read('bare.csv'), await read('odd.csv')];
    expect({ ...bare.ids, has: bare.hasLabels, id: bare.ids?.of(4) }).toMatchObject({
      name: 'id',
      has: false,
      id: '1004',
    });
    expect(odd.label(3)).toBeNaN();
    expect(odd.notes).toEqual(['1 rows have no label that the model knows']);
    const pictures = await lookAt(await findSource(folder), {});
    const one = await findSource(join(folder, 'below/1.jpg'), undefined, { mayBeOne: true });
    const asked = await readAsked(one, pictures.preparation);
    expect([asked.size, asked.hasLabels, asked.ids?.of(0)]).toEqual([1, false, '1.jpg']);
    await expect(readAsked(one, preparation)).rejects.toThrow(
      /of the kind 'images', and the model was made for 'table'/,
    );
  });
});
