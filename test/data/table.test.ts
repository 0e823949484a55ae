import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadTable, schemaBeside } from '../../client/node/data/table.js';
import { learnTable } from '../../shared/data/learn-table.js';
import { encodeTable } from '../../shared/data/encode-table.js';
import { checkTable, tableWidth, type TableSchema } from '../../shared/data/table.js';

const flowers: TableSchema = {
  columns: [
    { name: 'length', kind: 'number', mean: 3, deviation: 2 },
    { name: 'colour', kind: 'category', values: ['red', 'blue', 'white'] },
    { name: 'id', kind: 'ignore' },
    { name: 'kind', kind: 'label', classes: ['rose', ['iris', 'flag']] },
    { name: 'width', kind: 'number' },
  ],
};
const header = ['id', 'kind', 'colour', 'length', 'width', 'remark'];

async function folder(files: Record<string, string>): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'tandem-'));
  for (const [name, content] of Object.entries(files)) await writeFile(join(path, name), content);
  return path;
}

describe('a table', () => {
  it('is encoded by its schema, in the schema’s order', async () => {
    const rows = [header, ['r7', 'iris', 'white', '7', '-0.5', '-'], ['r8', 'rose', '?', '', '4', '-']];
    const data = encodeTable(flowers, [...rows, ['r9', 'flag', 'red', '2', '11', '']], 'flowers.csv');
    const { inputs, labels } = await data.batch([2, 0, 1]);
    expect(tableWidth(flowers)).toBe(5);
    expect(inputs[0]).toMatchObject({ dtype: 'float32', shape: [3, 5] });
    expect([...(inputs[0]?.data ?? [])]).toEqual([-0.5, 1, 0, 0, 11, 2, 0, 0, 1, -0.5, 0, 0, 0, 0, 4]);
    expect(labels[0]).toMatchObject({ dtype: 'int32', shape: [3], data: Int32Array.of(1, 1, 0) });
  });

  it('has an input for a missing value that is listed as one', async () => {
    const schema: TableSchema = {
      header: false,
      columns: [
        { name: 'job', kind: 'category', values: ['?', 'cook'] },
        { name: 'rank', kind: 'label' },
      ],
    };
    const rows = [
      ['?', '5'],
      ['cook', '3'],
    ];
    const { inputs, labels } = await encodeTable(schema, rows, 't').batch([0, 1]);
    expect([...(inputs[0]?.data ?? []), ...(labels[0]?.data ?? [])]).toEqual([1, 0, 0, 1, 5, 3]);
  });

  it.each<[string, string[], RegExp]>([
    ['another value', ['r7', 'iris', 'green', '7', '2', ''], /line 3, column 'colour': 'green' is none of its values/],
    ['another class', ['r7', 'tulip', 'red', '7', '2', ''], /line 3, column 'kind': 'tulip' is none of its classes/],
    ['text for a number', ['r7', 'iris', 'red', 'long', '2', ''], /line 3, column 'length': 'long' is not a number/],
    [
      'a hole that nothing fills',
      ['r7', 'iris', 'red', '7', '?', ''],
      /column 'width': '\?' is missing and .* no mean/,
    ],
    ['no label', ['r7', '?', 'red', '7', '2', ''], /column 'kind': '\?' is none of its classes/],
  ])('is refused with its place for %s', (_what, row, message) => {
    const rows = [header, ['r1', 'rose', 'red', '1', '1', ''], row];
    expect(() => encodeTable(flowers, rows, 'flowers.csv')).toThrow(expect.objectContaining({ code: 'BAD_DATA' }));
    expect(() => encodeTable(flowers, rows, 'flowers.csv')).toThrow(message);
  });

  it('names the columns there are, and counts cells where they have no names', () => {
    expect(() =>
      encodeTable(
        flowers,
        [
          ['id', 'kind'],
          ['r1', 'rose'],
        ],
        't',
      ),
    ).toThrow(/t has no column 'length'/);
    const nameless = { ...flowers, header: false };
    expect(() => encodeTable(nameless, [['1', 'red', 'rose']], 't')).toThrow(
      /line 1 has 3 cells, the schema 5 columns/,
    );
    expect(() => encodeTable(flowers, [header], 't')).toThrow(/t has no rows/);
  });

  it.each<[string, unknown]>([
    ['nothing', null],
    ['no columns', { columns: [] }],
    ['no label', { columns: [{ name: 'a', kind: 'number' }] }],
    ['two labels', { columns: ['a', 'b'].map((name) => ({ name, kind: 'label' })) }],
    ['a column without a name', { columns: [{ kind: 'label' }] }],
    [
      'an unknown kind',
      {
        columns: [
          { name: 'a', kind: 'label' },
          { name: 'b', kind: 'date' },
        ],
      },
    ],
    [
      'no deviation',
      {
        columns: [
          { name: 'a', kind: 'label' },
          { name: 'b', kind: 'number', deviation: 0 },
        ],
      },
    ],
    [
      'a value twice',
      {
        columns: [
          { name: 'a', kind: 'label' },
          { name: 'b', kind: 'category', values: ['x', 'x'] },
        ],
      },
    ],
    [
      'no values',
      {
        columns: [
          { name: 'a', kind: 'label' },
          { name: 'b', kind: 'category' },
        ],
      },
    ],
  ])('has no schema of %s', (_what, schema) => {
    expect(() => checkTable(schema, 't.csv')).toThrow(expect.objectContaining({ code: 'BAD_DATA' }));
  });
});

describe('a learned schema', () => {
  const rows = [
    ['size', 'colour', 'kind', 'same'],
    ['3', 'red', 'iris', '7'],
    ['?', 'blue', 'rose', '7'],
    ['9', '', 'iris', '7'],
  ];

  it('has the statistics of numbers and the values of texts, missing ones left out', () => {
    const schema = learnTable(rows, { label: 'kind' });
    expect(schema).toEqual({
      columns: [
        { name: 'size', kind: 'number', mean: 6, deviation: 3 },
        { name: 'colour', kind: 'category', values: ['blue', 'red'] },
        { name: 'kind', kind: 'label', classes: ['iris', 'rose'] },
        { name: 'same', kind: 'number', mean: 7, deviation: 1 },
      ],
    });
    expect(checkTable(JSON.parse(JSON.stringify(schema)), 't')).toEqual(schema);
  });

  it('takes the last column for the label, and says when there is none', () => {
    expect(learnTable(rows).columns.at(-1)).toEqual({ name: 'same', kind: 'label' });
    expect(() => learnTable(rows, { label: 'smell' })).toThrow(/no column 'smell'/);
    expect(() => learnTable(rows.slice(0, 1))).toThrow(/no rows/);
  });
});

describe('a CSV file with a schema', () => {
  const lines = ['size,kind', ...Array.from({ length: 11 }, (_, i) => `${i},${'ab'[i % 2]}`)];
  const schema = learnTable(
    lines.map((line) => line.split(',')),
    {},
  );

  it('is encoded alike with the table to test on beside it', async () => {
    const path = await folder({ 'my-train.csv': lines.join('\n'), 'my-test.csv': 'kind,size\nb,15\n' });
    const { train, test } = await loadTable(join(path, 'my-train.csv'), schema);
    expect([train.size, test?.size, test?.label(0)]).toEqual([11, 1, 1]);
    const { inputs } = (await test?.batch([0])) ?? { inputs: [] };
    // 0 to 10: mean 5, variance 10.
    expect(inputs[0]?.data[0]).toBeCloseTo(10 / Math.sqrt(10), 6);
  });

  it('keeps one row in five for testing where there is none', async () => {
    const path = join(await folder({ 'a.csv': lines.join('\n'), 'a.schema.json': JSON.stringify(schema) }), 'a.csv');
    expect(await schemaBeside(path)).toEqual(schema);
    const { train, test } = await loadTable(path, schema, { testEvery: 5 });
    expect([train.size, test?.size]).toEqual([9, 2]);
    const few = await loadTable(path, schema);
    expect([few.train.size, few.test, few.notes]).toEqual([
      11,
      undefined,
      [expect.stringMatching(/none of 11 samples/)],
    ]);
  });

  it('complains about a schema that is none', async () => {
    const path = await folder({ 'a.csv': '', 'a.schema.json': '{', 'b.csv': '', 'b.schema.json': '{}' });
    await expect(schemaBeside(join(path, 'a.csv'))).rejects.toMatchObject({ code: 'BAD_DATA', message: /is no JSON/ });
    await expect(schemaBeside(join(path, 'b.csv'))).rejects.toMatchObject({ message: /it lists no columns/ });
    expect(await schemaBeside(join(path, 'c.csv'))).toBeUndefined();
  });
});
