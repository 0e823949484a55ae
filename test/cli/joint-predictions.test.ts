import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { JointAnswers } from '../../cli/predict/joint-answers.js';
import type { Predictions } from '../../client/predictions.js';
import { float32 } from '../../shared/ndarray.js';
import { createRng } from '../../shared/rng.js';
import { adultTable } from '../../shared/tasks/adult-table.js';
import { adultVertical } from '../../shared/tasks/adult-vertical.js';
import { Command, lastLine, runCommand } from '../helpers/run-cli.js';
import { folderOf } from '../helpers/temp-files.js';
import { wholeSuite } from '../helpers/whole-suite.js';

const ROWS = 60;
const own = [...(adultVertical.parties ?? [])];

/** What party i knows of people: a table to train on, of some others a table to predict, and the schema of both. */
function filesOf(place: number, lacks: readonly number[]): Record<string, string> {
  const rng = createRng('people', place);
  const names = [...(own[place] ?? []), ...(place === 2 ? ['income'] : [])];
  const columns = names.flatMap((name) => adultTable.columns.filter((column) => column.name === name));
  const cell = (column: (typeof columns)[number]) =>
    column.kind === 'category'
      ? (column.values[rng.int(column.values.length)] ?? '')
      : column.kind === 'label'
        ? ['<=50K', '>50K'][rng.int(2)]
        : String(rng.int(50));
  const table = (ids: readonly string[], shown: typeof columns) =>
    [['id', ...shown.map(({ name }) => name)], ...ids.map((id) => [id, ...shown.map(cell)])]
      .map((cells) => cells.join(','))
      .join('\n');
  const known = Array.from({ length: ROWS }, (_, i) => `p${i}`);
  const fresh = [31, 4, 15, 9, 26, 5].filter((each) => !lacks.includes(each)).map((each) => `q${each}`);
  return {
    [`party${place}.csv`]: table(known, columns),
    [`party${place}.schema.json`]: JSON.stringify({ missing: [], columns: [{ name: 'id', kind: 'id' }, ...columns] }),
    [`new${place}.csv`]: table(
      place === 1 ? fresh.reverse() : fresh,
      columns.filter(({ kind }) => kind !== 'label'),
    ),
  };
}

const lacks = [[26], [], [4]];
const open = () =>
  folderOf(Object.assign({}, ...lacks.map((some, place) => filesOf(place, some))) as Record<string, string>);

describe('join --predict', () => {
  it('reads rows without labels by the schema of the training data, and writes answers with their ids', async () => {
    const folder = await open();
    const [data, predict, out] = ['party2.csv', 'new2.csv', 'answers.csv'].map((name) => join(folder, name));
    const answers = await JointAnswers.open({
      data: data ?? '',
      predict: predict ?? '',
      out: out ?? '',
      party: 'active',
    });
    const { toPredict } =
      answers?.with({ train: { size: 1, batch: () => ({ inputs: [], labels: [] }), label: () => 0 } }) ?? {};
    expect(toPredict?.size).toBe(5);
    expect((await toPredict?.batch([0, 3]))?.inputs[0]?.shape).toEqual([2, 3]);
    const labels = [{ name: 'income', dtype: 'int32', shape: [], kind: 'binary' }] as const;
    const names = { classes: ['<=50K', '>50K'] };
    const outputs = [float32([2, 1], [1.5, -0.25])];
    const told: Predictions = { rows: Int32Array.of(1, 4), outputs, given: 5, common: 2, labels, names };
    await answers?.take(told);
    const lines = (await readFile(out ?? '', 'utf8')).trim().split('\n');
    expect(lines[0]).toBe('row,id,predicted,p(<=50K),p(>50K)');
    expect(lines.slice(1).map((line) => line.split(',').slice(0, 3).join())).toEqual(['1,q15,>50K', '4,q5,<=50K']);
    expect(answers?.summary).toEqual({ predicted: 2, predictions: out });
    expect(answers?.text).toBe(`; 2 predictions in ${out}; 3 of 5 rows are not known to all parties`);
    expect(answers?.trouble).toBeUndefined();
    await answers?.take({ ...told, common: 4 });
    expect(answers?.trouble?.line).toMatch(/^2 of 4 rows were not predicted, since a party was gone/);
  });

  it.each([
    [{ predict: 'new2.csv' }, /--predict is for parties of a vertical run/],
    [{ predict: 'new2.csv', party: 'active' }, /--out does not say where/],
    [{ predict: 'new0.csv', party: 0, out: 'a.csv' }, /--out is for the active party/],
    [{ out: 'a.csv', party: 'active' }, /there is nothing to predict/],
    [{ predict: 'bare.csv', party: 0, data: 'mnist' }, /no schema beside it, nor beside mnist/],
  ] as const)('%j is refused before anything else', async (flags, message) => {
    const wrong = JointAnswers.open({ data: 'party2.csv', ...flags });
    await expect(wrong).rejects.toMatchObject({ code: 'BAD_OPTION', message });
  });

  it('refuses a table that lacks one of the columns, with its name', async () => {
    const folder = await open();
    const wrong = JointAnswers.open({ data: join(folder, 'party0.csv'), predict: join(folder, 'new1.csv'), party: 0 });
    await expect(wrong).rejects.toMatchObject({ code: 'BAD_DATA', message: /new1\.csv.*'age'/ });
  });

  it.runIf(wholeSuite)(
    'of all parties ends in a file of the active one, rows that all have, in its order',
    async () => {
      const folder = await open();
      const run = [
        '--task',
        'adult-vertical',
        '--topology',
        'vertical',
        '--clients',
        '3',
        '--epochs',
        '1',
        '--batch',
        '8',
      ];
      const server = new Command('serve', ...run, '--port', '0', '--engine', 'tfjs', '--no-dashboard', '--json');
      const [, url = ''] = await server.said(/(ws:\/\/[\d.:]+)/);
      const out = join(folder, 'answers.csv');
      const parties = ['0', '1', 'active'].map((party, place) =>
        runCommand(
          ...['join', url, '--party', party, '--engine', 'tfjs', '--json', '--data', join(folder, `party${place}.csv`)],
          ...['--predict', join(folder, `new${place}.csv`), ...(party === 'active' ? ['--out', out] : [])],
        ),
      );
      const [passive, , active] = await Promise.all(parties);
      expect(active?.code, active?.stderr).toBe(0);
      expect(lastLine(active?.stdout ?? '')).toMatchObject({ predicted: 4, predictions: out });
      expect(lastLine(passive?.stdout ?? '')).not.toHaveProperty('predicted');
      expect(passive?.stderr).toMatch(
        /gives its columns of 5 rows to predict: .* told to the active party, and to no other/,
      );
      const lines = (await readFile(out, 'utf8')).trim().split('\n');
      expect(lines.map((line) => line.split(',').slice(0, 2).join())).toEqual([
        'row,id',
        '0,q31',
        '1,q15',
        '2,q9',
        '4,q5',
      ]);
      const served = await server.done;
      expect(served.stderr).toMatch(/predicted 4 of 4 rows to the active party/);
    },
  );
});
