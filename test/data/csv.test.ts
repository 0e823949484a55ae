import { describe, expect, it } from 'vitest';
import { csvColumns, parseCsv } from '../../shared/data/csv.js';
import { decodeJson } from '../../shared/data/text-file.js';
import { loadCsv } from '../../client/node/data/csv.js';
import { encodeTable } from '../../shared/data/encode-table.js';
import { join } from 'node:path';
import { folderOf } from '../helpers/temp-files.js';

const bytes = (text: string) => new TextEncoder().encode(text);
const utf16 = (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le');

describe('a CSV file', () => {
  it('has the lines that an editor counts, whatever ends them', async () => {
    const text = '#c\n\na,b\r\n1,2\r\n\r\n"x\r\ny",3\n  \n#d\n4,5\r6," q "\n"7\nz" , 8\nlast,1';
    const { rows, lines } = await parseCsv(bytes(text), 'f', { comment: '#' });
    const ends = text.split(/\r\n|\r|\n/);
    expect(lines).toEqual([3, 4, 6, 10, 11, 12, 14]);
    expect(lines.map((line) => ends[line - 1]?.slice(0, 2))).toEqual(['a,', '1,', '"x', '4,', '6,', '"7', 'la']);
    expect(rows.slice(-3)).toEqual([
      ['6', ' q '],
      ['7\nz', '8'],
      ['last', '1'],
    ]);
  });

  it.each([
    ['a;b\n1;2\n', ';'],
    ['a\tb, c\td\n1\t2\t3\n', '\t'],
    ['a|b\n"1|1"|2\n', '|'],
    ['"x;y",b\n1,2\n', ','],
    ['alone\n1\n', ','],
  ])('%j is separated by %j', async (text, separator) => {
    expect((await parseCsv(bytes(text), 'f')).separator).toBe(separator);
    expect(await csvColumns(bytes(`${text}"half`), 'f')).toEqual((await parseCsv(bytes(text), 'f')).rows[0]);
  });

  it.each([
    ['two separators that would do', 'a;b,c;d\n1;2,3;4\n', /may be separated by ',' or ';'/],
    ['an open quote', 'a,b\n\n1,2\n3,"4\n5,6\n', /line 4: a quote is not closed/],
    ['a quote within a cell', 'a,b\n"1\n\n",2\n3,x"4\n', /line 5: a quote opens within a cell/],
    ['a long row', 'a,b\n"1\n",2\n\n3,4,5\n', /line 5: it has 3 cells, the first line 2/],
  ])('is refused with its line for %s', async (_what, text, message) => {
    await expect(parseCsv(bytes(text), 'f')).rejects.toMatchObject({ code: 'BAD_DATA', message });
  });

  it('is UTF-8, or UTF-16 that says so, and nothing that has to be guessed', async () => {
    for (const file of [bytes('\ufeffé,b\n1,2\n'), utf16('é,b\n1,2\n')])
      expect((await parseCsv(file, 'f')).rows[0]).toEqual(['é', 'b']);
    await expect(parseCsv(Buffer.from('a,b\n1,2\ncaf\xe9,2\n', 'latin1'), 'f')).rejects.toMatchObject({
      message: /f, line 3: it is not UTF-8 text/,
    });
    expect(decodeJson(bytes('\ufeff{"a":1}'), 'f')).toEqual({ a: 1 });
    expect(decodeJson(utf16('[2]'), 'f')).toEqual([2]);
    expect(() => decodeJson(bytes('{'), 'f.json')).toThrow(/f\.json is no JSON/);
  });
});

describe('a number of a table', () => {
  const load = async (text: string, options = {}) => loadCsv(join(await folderOf({ 'T.CSV': text }), 'T.CSV'), options);

  it.each([
    ['too small for float32', 'a,y\n1,0\n1e-60,1\n', /line 3, column 'a': '1e-60' is too small for float32/],
    ['too large', 'a,y\n\n-4e38,0\n', /line 3, column 'a': '-4e38' is too large for float32/],
    ['hexadecimal', 'a,y\n0x10,1\n', /'0x10' is not a number/],
    ['with a decimal comma', 'a;y\n2,5;1\n', /'2,5' is not a number: it has a comma/],
    ['infinite', 'a,y\nInfinity,1\n', /'Infinity' is not a number/],
    ['a label with decimals', 'a,y\n1,2\n1,-2.5\n', /line 3, column 'y': '-2\.5' is no class number: it must be/],
    ['a label below int32', 'a,y\n1,-2147483649\n', /'-2147483649' is no class number: it does not fit int32/],
    ['under a name that is there twice', 'a,b,a\n1,2,0\n', /two columns of the name 'a', the 1 and 3/],
  ])('is refused where it is %s', async (_what, text, message) => {
    await expect(load(text)).rejects.toMatchObject({ code: 'BAD_DATA', message });
  });

  it('may be a label with decimals where that is declared', async () => {
    const { train } = await load('a,y\n1,0.35\n2,-1e3\n', { labelType: 'float32' });
    expect((await train.batch([0, 1])).labels[0]).toEqual({
      dtype: 'float32',
      shape: [2],
      data: Float32Array.of(0.35, -1000),
    });
    const schema = { columns: [{ name: 'y', kind: 'label', dtype: 'float32' }] } as const;
    expect((await encodeTable(schema, [['y'], ['0.5']], 't').batch([0])).labels[0]?.data).toEqual(Float32Array.of(0.5));
  });

  it('is checked as it is kept: after its mean and deviation', () => {
    const schema = {
      columns: [
        { name: 'a', kind: 'number', mean: 0, deviation: 1e-30 },
        { name: 'y', kind: 'label' },
      ],
    } as const;
    expect(() =>
      encodeTable(
        schema,
        [
          ['a', 'y'],
          ['1e20', '1'],
        ],
        't',
      ),
    ).toThrow(/line 2, column 'a': '1e20' is too far from the mean/);
  });

  it('says what was guessed', async () => {
    expect((await load('a;y\n1;0\n')).notes).toEqual([
      expect.stringMatching(
        /T\.CSV: cells are separated by ';'; the label is the last column, 'y'; none of 1 sample kept/,
      ),
    ]);
    expect((await load('a,y\n1,0\n', { label: 'a' })).notes?.[0]).toMatch(/T\.CSV: none of 1 sample kept/);
  });
});
