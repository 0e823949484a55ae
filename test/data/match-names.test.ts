import { describe, expect, it } from 'vitest';
import { arrayDataset } from '../../shared/data/dataset.js';
import { matchNames } from '../../shared/data/match-names.js';
import { namesOfSchema, toldNames, type DataNames } from '../../shared/data/run-names.js';
import { namesOfParty, namesOfTask } from '../../shared/task-names.js';
import { encodeTable } from '../../shared/data/encode-table.js';
import type { TableSchema } from '../../shared/data/table.js';
import { float32, int32 } from '../../shared/ndarray.js';

function data(names: DataNames) {
  const train = arrayDataset([float32([3, 2], [1, 2, 3, 4, 5, 6])], [int32([3], [0, 2, 1])]);
  return { train, names };
}

const labelsOf = async ({ train }: ReturnType<typeof matchNames>['data']) => [
  ...((await train.batch([0, 1, 2])).labels[0]?.data ?? []),
];

describe('classes', () => {
  it('are numbered as the run numbers them, whatever other ones it has', async () => {
    const run = { classes: ['ants', 'birds', 'cats', 'dogs'] };
    const { data: matched, names } = matchNames(data({ classes: ['dogs', 'cats', 'ants'] }), run);
    expect(await labelsOf(matched)).toEqual([3, 0, 2]);
    expect([0, 1, 2].map((row) => matched.train.label(row))).toEqual([3, 0, 2]);
    expect(names).toEqual(run);
  });

  it.each([
    [
      ['birds', 'cats', 'dogs'],
      ['cats', 'dogs'],
      /the data have the classes birds, cats, dogs, and the run has cats, dogs/,
    ],
    [['Cats', 'dogs', 'x'], ['cats', 'dogs', 'x'], /have the classes Cats, dogs, x, and the run has cats, dogs, x/],
  ])('%j are refused by a run of %j with both lists', (own, classes, message) => {
    expect(() => matchNames(data({ classes: own }), { classes })).toThrow(
      expect.objectContaining({ code: 'BAD_DATA', message: expect.stringMatching(message) as string }),
    );
  });

  it('name a run that has no names, if they can', () => {
    const own = data({ classes: ['a', 'b', 'c'] });
    expect(matchNames(own, {})).toEqual({ data: own, names: { classes: ['a', 'b', 'c'] } });
    expect(() => matchNames(data({ classes: ['Camera'] }), {})).toThrow(/one alone, 'Camera', tells no number/);
    const many = Array.from({ length: 300 }, (_, i) => `class ${i}`);
    expect(() => matchNames(data({ classes: many }), {})).toThrow(/the 300 of these data are too many to tell it/);
    expect(matchNames(data({ classes: many }), { classes: many }).names.classes).toHaveLength(300);
    expect(toldNames({ classes: many, columns: ['a'] })).toEqual({ columns: ['a'] });
    expect(matchNames(data({}), { classes: ['a'] }).names).toEqual({});
  });

  it('are listed in a sentence of bounded length', () => {
    const many = Array.from({ length: 5000 }, (_, i) => `class number ${i}`);
    try {
      matchNames(data({ classes: ['x'] }), { classes: many });
      expect.unreachable();
    } catch (error) {
      expect((error as Error).message).toMatch(/class number 0, .* and 49\d\d more$/);
      expect((error as Error).message.length).toBeLessThan(800);
    }
  });
});

describe('columns', () => {
  const schema = (...names: readonly string[]): TableSchema => ({
    columns: [
      ...names.map((name) =>
        name === 'colour'
          ? ({ name, kind: 'category', values: ['red', 'blue'] } as const)
          : ({ name, kind: 'number', mean: 1, deviation: 2 } as const),
      ),
      { name: 'y', kind: 'label', classes: [['no', 'No'], 'yes'] },
    ],
  });
  const rows = [
    ['size', 'colour', 'weight', 'y'],
    ['3', 'blue', '7', 'No'],
  ];

  it('of numbers are put into the order of the run', async () => {
    const { data: matched } = matchNames(data({ columns: ['b', 'a'] }), { columns: ['a', 'b'] });
    expect((await matched.train.batch([0, 2])).inputs[0]?.data).toEqual(Float32Array.of(2, 1, 6, 5));
  });

  it('of a schema are moved with all their values', async () => {
    const [own, run] = [schema('weight', 'colour', 'size'), schema('size', 'colour', 'weight')];
    const read = (each: TableSchema) => ({ train: encodeTable(each, rows, 't'), names: namesOfSchema(each) });
    const { data: matched } = matchNames(read(own), namesOfTask({ table: run }));
    const wanted = await read(run).train.batch([0]);
    expect((await matched.train.batch([0])).inputs).toEqual(wanted.inputs);
    expect([...(wanted.inputs[0]?.data ?? [])]).toEqual([1, 0, 1, 3]);
    expect(namesOfSchema(run)).toMatchObject({
      classes: ['no', 'yes'],
      columns: ['size', 'colour', 'weight'],
      widths: [1, 2, 1],
    });
  });

  it('that are others, or become numbers in another way, are refused', () => {
    expect(() => matchNames(data({ columns: ['a', 'b'] }), { columns: ['a', 'c'] })).toThrow(
      /have the columns a, b, and the run has a, c/,
    );
    const run = namesOfSchema(schema('size', 'weight'));
    const other = namesOfSchema({
      columns: [
        { name: 'size', kind: 'number' },
        { name: 'weight', kind: 'number' },
        { name: 'y', kind: 'label' },
      ],
    });
    expect(() => matchNames(data(other), run)).toThrow(
      /size, weight are those of the run, and become numbers in another way/,
    );
  });

  it('of a vertical run are those of each party', () => {
    const task = { table: schema('size', 'colour', 'weight'), parties: [['weight'], ['colour', 'size']] } as Parameters<
      typeof namesOfParty
    >[0];
    expect(namesOfParty(task, 0, false)).toMatchObject({ columns: ['weight'] });
    expect(namesOfParty(task, 1, true)).toMatchObject({ columns: ['colour', 'size'], classes: ['no', 'yes'] });
    expect(namesOfParty(task, 2, true)).toEqual({ classes: ['no', 'yes'] });
    expect(() => matchNames(data({ columns: ['size'] }), namesOfParty(task, 0, false))).toThrow(/the run has weight/);
  });
});
