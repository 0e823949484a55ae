import { describe, expect, it } from 'vitest';
import { encodeTable } from '../../shared/data/encode-table.js';
import { splitForTest } from '../../shared/data/test-share.js';
import { originOf } from '../../shared/data/dataset.js';
import { learnOwnTable } from '../../shared/preparation/own-table.js';
import { mixedTable, pricesTable } from '../helpers/own-tables.js';

const rowsOf = (text: string, separator = ',') =>
  text
    .trim()
    .split(/\r?\n/)
    .map((line) => line.replace('"Bath, North"', 'Bath').split(separator));

describe('what is found in a table', () => {
  it('says of each column what it holds, and leaves out what counts the rows', () => {
    const { columns, label, schema } = learnOwnTable(rowsOf(mixedTable(200)), {});
    expect(label).toMatchObject({ name: 'income', kind: 'classification', classes: ['high', 'low'] });
    expect(columns.map(({ what }) => what)).toEqual(['left out', 'number', '3 words', '2 words', 'label']);
    expect(schema.columns[2]).toMatchObject({ kind: 'category', other: true, values: ['', 'clerk', 'nurse', 'owner'] });
  });

  it('learns means and words from the rows that are trained on alone', () => {
    const rows = rowsOf(pricesTable(100), ';');
    const { schema } = learnOwnTable(rows, { label: 'price' });
    const { train } = splitForTest(encodeTable(schema, rows, 'prices'));
    const metres = Array.from({ length: train.size }, (_, row) => Number(rows[originOf(train, row) + 1]?.[1]));
    const mean = metres.reduce((a, b) => a + b, 0) / metres.length;
    expect(schema.columns[1]).toMatchObject({ kind: 'number' });
    expect((schema.columns[1] as { mean: number }).mean).toBeCloseTo(mean, 9);
    const all = rows.slice(1).map((row) => Number(row[1]));
    expect(Math.abs(mean - all.reduce((a, b) => a + b, 0) / all.length)).toBeGreaterThan(1e-6);
  });

  it.each([
    [['1', '0', '1', '0'], undefined, 'classification'],
    [['1.5', '2', '3', '4'], undefined, 'regression'],
    [['1', '0', '1', '0'], 'regression', 'regression'],
    [Array.from({ length: 60 }, (_, i) => String(i)), undefined, 'regression'],
  ] as const)('tells %s with kind %s to be %s', (labels, kind, found) => {
    const rows = [['x', 'y'], ...labels.map((label, i) => [String(i % 3), label])];
    expect(learnOwnTable(rows, { kind }).label.kind).toBe(found);
  });

  it('sees where the first line is a row', () => {
    const rows = [
      ['5.1', 'blue', 'a'],
      ['4.2', 'red', 'b'],
      ['3.9', 'blue', 'a'],
    ];
    expect(learnOwnTable(rows, {}).schema).toMatchObject({
      header: false,
      columns: [{ name: '1' }, { name: '2' }, { name: '3' }],
    });
  });

  it.each([
    [{ label: 'prise' }, "did you mean 'price'?"],
    [{ label: 'price', ignore: ['roms'] }, "did you mean 'rooms'?"],
    [{ label: 'quarter', kind: 'regression' as const }, 'which is no number'],
  ])('refuses %j', (options, said) => {
    const refusal = (() => {
      try {
        learnOwnTable(rowsOf(pricesTable(40), ';'), options);
        return undefined;
      } catch (error) {
        return error as { message: string; action: string };
      }
    })();
    expect(`${refusal?.message ?? ''} ${refusal?.action ?? ''}`).toContain(said);
  });

  it('counts a word that the rows lacked as one more, wherever a schema says so', () => {
    const schema = {
      columns: [
        { name: 'a', kind: 'category', values: ['x', 'y'], other: true },
        { name: 'b', kind: 'label', dtype: 'float32', mean: 10, deviation: 4 },
      ],
    } as const;
    const { inputs, labels } = encodeTable(
      schema,
      [
        ['a', 'b'],
        ['z', '2'],
        ['y', '12'],
      ],
      't',
    ).batch([0, 1]) as Awaited<ReturnType<ReturnType<typeof encodeTable>['batch']>>;
    expect([...(inputs[0]?.data ?? [])]).toEqual([0, 0, 1, 0, 1, 0]);
    expect([...(labels[0]?.data ?? [])]).toEqual([-2, 0.5]);
  });
});
