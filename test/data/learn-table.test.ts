import { describe, expect, it } from 'vitest';
import { learnTable, type LearnTableOptions } from '../../shared/data/learn-table.js';
import { encodeTable } from '../../shared/data/encode-table.js';

const column = (cells: readonly string[]) => [['x', 'y'], ...cells.map((cell, i) => [cell, String(i % 2)])];
const learn = (cells: readonly string[], options: LearnTableOptions = {}) => learnTable(column(cells), options);
const numbers = Array.from({ length: 30 }, (_, i) => (i / 4).toFixed(2));

describe('a schema that is learned', () => {
  it.each(['n/a', 'NaN', 'null', '-', '#N/A'])(
    'takes %j among numbers for a missing one, and says so',
    async (text) => {
      const said: string[] = [];
      const cells = [...numbers, text, text];
      const schema = learn(cells, { onGuess: (line) => said.push(line) });
      expect(schema).toMatchObject({ columns: [{ kind: 'number', mean: 3.625 }, {}], missing: ['?', '', text] });
      expect(said).toEqual([`cells that say '${text}' count as missing`]);
      expect((await encodeTable(schema, column(cells), 't').batch([31])).inputs[0]?.data[0]).toBe(0);
    },
  );

  it('keeps such a text where it is a word', () => {
    expect(learn(['NA', 'DE', 'NA', 'FR']).columns[0]).toMatchObject({ kind: 'category', values: ['DE', 'FR', 'NA'] });
  });

  it('asks where a column is mostly numbers', () => {
    expect(() => learn([...numbers, 'about 7', 'many'])).toThrow(
      /'x' has 30 numbers and 2 other cells: 'about 7', 'many'/,
    );
    expect(learn([...numbers, 'many'], { categories: ['x'] }).columns[0]).toMatchObject({ kind: 'category' });
    expect(learn([...numbers, 'many'], { missing: ['many'] })).toMatchObject({
      columns: [{ kind: 'number' }, {}],
      missing: ['many'],
    });
  });

  it('tells of columns that may be something else', () => {
    const told = (cells: readonly string[]) => {
      const said: string[] = [];
      learn(cells, { onGuess: (line) => said.push(line) });
      return said.join();
    };
    expect(told(['01', '02', '10'])).toMatch(/'x' has leading zeros/);
    expect(told(Array.from({ length: 25 }, (_, i) => String(1000 + i)))).toMatch(/another whole number in each row/);
    expect(told(['ann', 'bob', 'cy'])).toMatch(/another word in each row/);
    expect(told(numbers)).toBe('');
  });

  it('has labels with decimals as numbers, and no two columns of a name', () => {
    const schema = learnTable([
      ['a', 'y'],
      ['1', '0.5'],
      ['2', '3'],
    ]);
    expect(schema.columns[1]).toEqual({ name: 'y', kind: 'label', dtype: 'float32' });
    expect(() =>
      learnTable([
        ['b', 'y', 'b'],
        ['1', '2', '3'],
      ]),
    ).toThrow(/two columns of the name 'b'/);
  });
});
