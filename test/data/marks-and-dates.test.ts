import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lookAtLargeTable } from '../../client/node/own/large-table.js';
import { findSource } from '../../client/node/own/find-source.js';
import { lookAt } from '../../client/node/own/own-data.js';
import { numberOf } from '../../shared/data/cells.js';
import { dateOrderOf, daysOf } from '../../shared/data/dates.js';
import { marksOf } from '../../shared/data/number-marks.js';
import { gzipSync } from 'node:zlib';
import { folderOf } from '../helpers/temp-files.js';
import { salesTable } from '../helpers/own-tables.js';

const isNumber = (cell: string) => !Number.isNaN(numberOf(cell));

async function look(text: string | Uint8Array, options = {}, name = 'd.csv') {
  return lookAt(await findSource(join(await folderOf({ [name]: text }), name)), options);
}

describe('numbers as people write them', () => {
  it.each<[string[], number[]]>([
    [
      ['$1,234.50', '$7', '-$3', '$-3.5'],
      [1234.5, 7, -3, -3.5],
    ],
    [
      ['12%', '3.5 %', '4'],
      [12, 3.5, 4],
    ],
    [
      ["1'234'567", '12'],
      [1234567, 12],
    ],
    [
      ['1 234', '5'],
      [1234, 5],
    ],
    [
      ['(1,200)', '30'],
      [-1200, 30],
    ],
    [
      ['70 km/h', '5km/h'],
      [70, 5],
    ],
    [
      ['US$ 5', 'US$ 1,000,000'],
      [5, 1e6],
    ],
  ])('%j are numbers', (cells, numbers) => {
    const marks = marksOf(cells, isNumber);
    expect(marks).toBeDefined();
    expect(cells.map((cell) => numberOf(cell, marks))).toEqual(numbers);
  });

  it.each([
    [['5 kg', '5 lb']],
    [['$5', '€5']],
    [['A12', 'A13']],
    [['1,23', '4,5']],
    [['12,34,567']],
    [['1-2', '3-4']],
    [['10:30', '11:00']],
    [['--5%']],
    [['yes', '5%']],
  ])('%j are none', (cells) => {
    expect(marksOf(cells, isNumber)).toBeUndefined();
  });

  it('are numbers of the model too, and a price is predicted in its own unit', async () => {
    const lines = Array.from({ length: 40 }, (_, row) => `${row % 50}%;"€ ${1 + row}.${100 + row},50"`);
    const { preparation, columns, notes } = await look(`share;price\n${lines.join('\n')}\n`);
    expect(columns.map(({ what, detail }) => `${what}: ${detail}`)).toEqual([
      'number: 0 to 39, read without %',
      'label: a number, 1,100.5 to 40,139.5, read without €',
    ]);
    expect(notes).toContain('decimals are written with a comma');
    expect(preparation).toMatchObject({ table: { columns: [{ marks: ['%'] }, { dtype: 'float32', marks: ['€'] }] } });
  });

  it('count as missing in the label as anywhere', async () => {
    const lines = Array.from({ length: 40 }, (_, row) => `${7 * row},${row % 8 === 3 ? 'N/A' : row * 1.5}`);
    const { notes, data } = await look(`a,price\n${lines.join('\n')}\n`);
    expect(notes).toContain('5 rows have no label and are left out');
    expect(data.train.size + (data.test?.size ?? 0)).toBe(35);
  });
});

describe('dates', () => {
  it.each([
    ['2024-02-29', 'year-month-day', 19782],
    ['2024/2/29 06:00', 'year-month-day', 19782.25],
    ['2024-02-29T06:00:00+06:00', 'year-month-day', 19782],
    ['29.02.2024', 'day-month-year', 19782],
    ['2/29/24 6:00 PM', 'month-day-year', 19782.75],
    ['18:00', 'time', 0.75],
    ['12:00 am', 'time', 0],
    ['2023-02-29', 'year-month-day', NaN],
    ['13/13/2020', 'month-day-year', NaN],
    ['2024-02/01', 'year-month-day', NaN],
    ['24.2', 'day-month-year', NaN],
    ['25:61', 'time', NaN],
  ] as const)('%s as %s', (cell, order, days) => {
    expect(daysOf(cell, order)).toBe(days);
  });

  it.each([
    [['03/04/2020', '13/04/2020'], 'day-month-year'],
    [['03/04/2020', '04/13/2020'], 'month-day-year'],
    [['03/04/2020'], 'month-day-year'],
    [['03.04.2020'], 'day-month-year'],
    [['13/04/2020', '04/13/2020'], undefined],
    [[], undefined],
  ] as const)('%j are written as %s', (cells, order) => {
    expect(dateOrderOf(cells)).toBe(order);
  });

  it('become where they lie in time, year, week and day, however large the table is', async () => {
    const text = salesTable(60);
    const { columns, preparation, data } = await look(text);
    expect(columns.map(({ what }) => what)).toEqual(['date', 'date', 'time', 'number', 'number', 'label']);
    expect(columns[0]?.detail).toContain('read as day-month-year; 7 missing');
    expect((await data.train.batch([0])).inputs[0]?.shape).toEqual([1, 5 + 7 + 2 + 1 + 1]);
    const large = await lookAtLargeTable(join(await folderOf({ 'd.csv': text }), 'd.csv'), {});
    expect(JSON.stringify(large.preparation)).toContain('"order":"day-month-year"');
    expect((await large.data.train.batch([0])).inputs[0]?.shape).toEqual([1, 16]);
    expect(JSON.stringify(preparation)).toContain('"times":true');
  });

  it.each([
    ['mixed orders', (row: number) => (row % 2 ? '13/04/2020' : '04/13/2020'), /not all written in one order/],
    [
      'other words',
      (row: number) => (row === 7 ? 'soon' : `2020-01-${10 + (row % 20)}`),
      /31 dates and 1 other cells: 'soon'/,
    ],
  ])('are refused with %s', async (_, cell, message) => {
    const text = `when,n,y\n${Array.from({ length: 40 }, (_, row) => `${cell(row)},${row},${row % 2}`).join('\n')}\n`;
    await expect(look(text)).rejects.toThrow(message);
  });
});

describe('files of tables', () => {
  const text = `a b y\n${Array.from({ length: 40 }, (_, row) => `${7 * row}   "x ${row % 3}" ${row % 2}`).join('\n')}\n`;

  it('with blanks between cells', async () => {
    const { columns, facts } = await look(text);
    expect(facts).toContain('separator blanks');
    expect(columns.map(({ name, what }) => `${name} ${what}`)).toEqual(['a number', 'b 3 words', 'y label']);
  });

  it('with separators that could be either, once it is said', async () => {
    const either = `a;b,y\n${Array.from({ length: 40 }, (_, row) => `${7 * row};x,${row % 2}`).join('\n')}\n`;
    await expect(look(either)).rejects.toMatchObject({ action: expect.stringContaining('--separator') as string });
    expect((await look(either, { separator: ';' })).columns.map(({ name }) => name)).toEqual(['a', 'b,y']);
  });

  it('in UTF-16 of either order, small or large', async () => {
    for (const swap of [false, true]) {
      const bytes = Buffer.from(`\ufeff${salesTable(30).replaceAll('yes', 'ja\u00e9')}`, 'utf16le');
      if (swap) bytes.swap16();
      const { facts, preparation } = await look(bytes);
      expect(facts).toContain('UTF-16');
      expect(JSON.stringify(preparation)).toContain('ja\u00e9');
      const path = join(await folderOf({ 'd.csv': bytes }), 'd.csv');
      expect((await lookAtLargeTable(path, {})).columns.map(({ name }) => name)[0]).toBe('when');
    }
  });

  it('with a table to test on whose labels end otherwise, and not with others', async () => {
    const half = (end: string) =>
      Array.from({ length: 30 }, (_, row) => `${7 * row}, ${row % 2 ? '>50K' : '<=50K'}${end}`);
    const folder = await folderOf({ 'a-train.csv': half('').join('\n'), 'a-test.csv': half('.').join('\n') });
    const looked = await lookAt(await findSource(join(folder, 'a-train.csv')), {});
    expect(looked.data.test?.size).toBe(30);
    expect(looked.notes.filter((note) => note.includes('counts as'))).toHaveLength(2);
    expect(JSON.stringify(looked.preparation)).toContain('["<=50K","<=50K."]');
    const other = await folderOf({ 'a-train.csv': half('').join('\n'), 'a-test.csv': half('!').join('\n') });
    await expect(lookAt(await findSource(join(other, 'a-train.csv')), {})).rejects.toThrow(/is none of its classes/);
  });

  it.each([
    ['a spreadsheet', Buffer.from('PK\u0003\u0004\0\0\0'), /ZIP archive or a spreadsheet/],
    ['UTF-16 without a mark', Buffer.from(salesTable(20), 'utf16le'), /UTF-16 without the mark/],
    ['what gzip made', gzipSync('a,b\n1,2\n'), /is no text|not UTF-8|no rows/],
  ])('are refused as %s', async (_, bytes, message) => {
    await expect(look(bytes)).rejects.toThrow(message);
  });
});
