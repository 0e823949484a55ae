import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadTable } from '../../client/node/data/table.js';
import { learnTable } from '../../shared/data/learn-table.js';
import { splitById, tableIds } from '../../shared/data/row-ids.js';
import { encodeTable } from '../../shared/data/encode-table.js';
import { checkTable, type TableSchema } from '../../shared/data/table.js';

const clinic: TableSchema = {
  columns: [
    { name: 'patient', kind: 'id' },
    { name: 'age', kind: 'number', mean: 50, deviation: 10 },
  ],
};

function rowsOf(count: number, step: number): string[][] {
  const rows = Array.from({ length: count }, (_, i) => [`${(i * step) % count}`, ` p-${(i * step) % count} `]);
  return [['age', 'patient'], ...rows];
}

describe('a table with ids', () => {
  it('gives one a row, wherever the column stands, and encodes it as nothing', async () => {
    const rows = rowsOf(3, 2);
    expect(tableIds(clinic, rows, 'clinic.csv')).toEqual(['p-0', 'p-2', 'p-1']);
    const { inputs, labels } = await encodeTable(clinic, rows, 'clinic.csv').batch([0, 1, 2]);
    expect(inputs.map(({ shape, data }) => [shape, [...data]])).toEqual([[[3, 1], [-5, -4.8, -4.9].map(Math.fround)]]);
    expect(labels).toEqual([]);
  });

  it('gives none where the schema names none', () => {
    const [, age = { name: '', kind: 'ignore' }] = clinic.columns;
    expect(tableIds({ columns: [age] }, rowsOf(3, 1), 't')).toBeUndefined();
  });

  it('may have labels and nothing else', async () => {
    const schema: TableSchema = {
      header: false,
      columns: [
        { name: 'ill', kind: 'label' },
        { name: 'patient', kind: 'id' },
      ],
    };
    const rows = [
      ['1', 'a'],
      ['0', 'b'],
    ];
    const data = encodeTable(schema, rows, 't');
    expect(data.size).toBe(2);
    const { inputs, labels } = await data.batch([1, 0]);
    expect([inputs, [...(labels[0]?.data ?? [])]]).toEqual([[], [0, 1]]);
    expect(tableIds(schema, rows, 't')).toEqual(['a', 'b']);
  });

  it('is refused for an id twice, one missing, or two columns of them', () => {
    const twice = [...rowsOf(3, 1), ['7', 'p-1']];
    expect(() => tableIds(clinic, twice, 'clinic.csv')).toThrow('1 of 4 rows of clinic.csv have an id that an earlier');
    expect(() => tableIds(clinic, [...rowsOf(3, 1), ['7']], 'c')).toThrow('1 of 4 rows of c have no id: 4');
    const columns = [...clinic.columns, { name: 'name', kind: 'id' } as const];
    expect(() => checkTable({ columns }, 't')).toThrow('it has more than one id');
    expect(() => checkTable({ columns: columns.slice(1, 2) }, 't')).toThrow('it has not exactly one label');
    expect(checkTable(clinic, 't')).toBe(clinic);
  });

  it('is learned as one when its column is named', () => {
    const rows = [
      ['patient', 'age', 'ill'],
      ['p-1', '40', '0'],
      ['p-2', '60', '1'],
    ];
    expect(learnTable(rows, { id: 'patient' }).columns.map(({ kind }) => kind)).toEqual(['id', 'number', 'label']);
    expect(() => learnTable(rows, { id: 'name' })).toThrow("the table has no column 'name'");
  });

  it('is split alike wherever its rows stand and whichever are missing', () => {
    const [all, some] = [rowsOf(97, 1), rowsOf(97, 35).filter((_, i) => i % 9 !== 4)];
    const [one, other] = [all, some].map((rows) =>
      splitById(encodeTable(clinic, rows, 't'), tableIds(clinic, rows, 't') ?? []),
    );
    const both = (part: 'train' | 'test') => {
      const held = new Set(other?.ids?.[part]);
      return one?.ids?.[part]?.filter((id) => held.has(id)).length;
    };
    expect([both('train'), both('test')]).toEqual([other?.train.size, other?.test?.size]);
    expect(one?.test?.size).toBeGreaterThan(9);
    expect(one?.test?.size).toBeLessThan(31);
    expect((one?.train.size ?? 0) + (one?.test?.size ?? 0)).toBe(97);
  });

  it('keeps ids beside its rows when it is loaded', async () => {
    const path = join(await mkdtemp(join(tmpdir(), 'tandem-')), 'clinic.csv');
    await writeFile(
      path,
      rowsOf(31, 7)
        .map((cells) => cells.join(','))
        .join('\n'),
    );
    const { train, test, ids } = await loadTable(path, clinic);
    for (const [dataset, own] of [[train, ids?.train] as const, [test, ids?.test] as const]) {
      const size = dataset?.size ?? 0;
      const { inputs } = (await dataset?.batch(Int32Array.from({ length: size }, (_, i) => i))) ?? { inputs: [] };
      const ages = Array.from(inputs[0]?.data ?? [], (value) => `p-${Math.round(value * 10 + 50)}`);
      expect(ages).toEqual(own);
    }
  });
});
