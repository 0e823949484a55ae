import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Command, lastLine, runCommand } from '../helpers/run-cli.js';
import { folderOf } from '../helpers/temp-files.js';
import { readRunRecord } from '../../storage/run-folder.js';
import { arrayFiles, pictureFiles, soundFiles } from '../helpers/own-files.js';
import { mixedTable, pricesTable } from '../helpers/own-tables.js';
import { someOf, wholeSuite } from '../helpers/whole-suite.js';

const few = ['--clients', '3', '--epochs', '4', '--json'];

describe('tandem train', () => {
  it.each(wholeSuite ? ['vanilla', 'u-shaped'] : ['u-shaped'])(
    'takes a table of numbers and words with gaps, %s',
    async (topology) => {
      const folder = await folderOf({ 'people.csv': mixedTable(300) });
      const save = join(folder, 'run');
      const { code, stdout, stderr } = await runCommand(
        ...['train', join(folder, 'people.csv'), '--save', save, '--topology', topology, ...few],
      );
      expect({ code, stderr }).toMatchObject({
        code: 0,
        stderr: expect.stringContaining('a word of its own') as string,
      });
      const { metrics } = lastLine(stdout) as { metrics: { accuracy: number } };
      expect(metrics.accuracy).toBeGreaterThan(0.8);
      const files = (await readdir(save)).sort();
      expect(files).toEqual(
        [
          'curve.csv',
          'events.out.tfevents.tandem',
          'last.bin',
          'report.html',
          'run.json',
          'task.mjs',
          'test-predictions.csv',
          'weights.bin',
        ].sort(),
      );
      const lines = (await readFile(join(save, 'test-predictions.csv'), 'utf8')).trim().split('\n');
      expect(lines).toHaveLength(61);
      expect(stderr.split('\n').filter((line) => line.length > 80 && !line.includes('compiled'))).toEqual([]);
    },
  );

  it.runIf(wholeSuite)('predicts a price in its own unit', async () => {
    const folder = await folderOf({ 'prices.csv': pricesTable(300) });
    const save = join(folder, 'run');
    const { code, stdout, stderr } = await runCommand(
      ...['train', join(folder, 'prices.csv'), '--label', 'price', '--save', save, '--epochs', '30', '--json'],
    );
    expect(code, stderr).toBe(0);
    const { metrics } = lastLine(stdout) as { metrics: Record<string, number> };
    expect(metrics.r2).toBeGreaterThan(0.8);
    // Prices are 100,000 to 400,000.
    expect(metrics.meanAbsoluteError).toBeGreaterThan(1000);
    expect(metrics.rootMeanSquaredError).toBeGreaterThan(metrics.meanAbsoluteError ?? NaN);
  });

  it.each(
    someOf(
      [
        ['a pair of arrays', () => arrayFiles(200), ['x.npy', 'y.npy'], /taken for rows of numbers/],
        [
          'a folder of PNG and JPEG of several sizes',
          () => pictureFiles(15),
          ['.', '--size', '16x16', '--topology', 'u-shaped'],
          /brought to 16 x 16/,
        ],
        ['a folder of sounds', () => soundFiles(15), ['.', '--topology', 'u-shaped'], /brought to 8000/],
      ],
      1,
    ),
  )('takes %s', async (_, files, [data = '', ...more], said) => {
    const folder = await folderOf(files());
    const save = `${folder}-run`;
    const paths = [join(folder, data), ...more.map((each) => (each.endsWith('.npy') ? join(folder, each) : each))];
    const { code, stdout, stderr } = await runCommand('train', ...paths, '--save', save, ...few);
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(said);
    const { metrics } = lastLine(stdout) as { metrics: { accuracy: number } };
    expect(metrics.accuracy).toBeGreaterThan(0.8);
  });

  it.runIf(wholeSuite)('goes on after kill -9 to the same weights', async () => {
    const folder = await folderOf({ 'people.csv': mixedTable(300) });
    const args = ['train', join(folder, 'people.csv'), '--clients', '2', '--epochs', '6', '--json'];
    const whole = await runCommand(...args, '--save', join(folder, 'whole'));
    expect(whole.code, whole.stderr).toBe(0);
    const killed = new Command(...args, '--save', join(folder, 'killed'));
    await killed.said(/epoch 3\/6/);
    killed.signal('SIGKILL');
    await killed.done;
    const resumed = await runCommand('train', '--resume', join(folder, 'killed'), '--json');
    expect(resumed.code, resumed.stderr).toBe(0);
    const weights = (run: string) => readFile(join(folder, run, 'weights.bin'));
    expect((await weights('killed')).equals(await weights('whole'))).toBe(true);
    const curves = await Promise.all(
      ['killed', 'whole'].map(async (run) =>
        (await readRunRecord(join(folder, run))).curve.map(({ steps, testLoss }) => [steps, testLoss]),
      ),
    );
    expect(curves[0]).toEqual(curves[1]);
    const listed = await runCommand('runs', join(folder, 'killed'), join(folder, 'whole'));
    expect(listed.stdout).toContain('accuracy');
  });

  it('says which column was meant, and leaves no folder behind', async () => {
    const folder = await folderOf({ 'people.csv': mixedTable(40) });
    const save = join(folder, 'run');
    const { code, stderr } = await runCommand('train', join(folder, 'people.csv'), '--label', 'incme', '--save', save);
    expect(code).toBe(1);
    expect(stderr).toContain("did you mean 'income'?");
    expect(await readdir(folder)).toEqual(['people.csv']);
  });

  it('writes over no run', async () => {
    const folder = await folderOf({ 'people.csv': mixedTable(40), 'run/run.json': '{}' });
    const { code, stderr } = await runCommand('train', join(folder, 'people.csv'), '--save', join(folder, 'run'));
    expect(code).toBe(2);
    expect(stderr).toContain('holds a run already');
  });
});
