import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { fromFolder } from '../../server/from-folder.js';
import { folderOf } from '../helpers/temp-files.js';
import { adult, needs } from '../helpers/outside.js';
import { wholeSuite } from '../helpers/whole-suite.js';

const run = promisify(execFile);

/** Runs a built example as a user would; `npm test` builds before it tests. */
async function example(name: string, ...args: string[]): Promise<string> {
  const env = { ...process.env, ADULT_CSV: '' };
  const { stdout } = await run(process.execPath, [`dist/examples/${name}`, ...args], { env });
  return stdout;
}

describe('examples', () => {
  it.runIf(wholeSuite)('images: trains a model of its own with two clients', async () => {
    const output = await example('images/run.js', '60');
    expect(Number(/accuracy ([\d.]+) %/.exec(output)?.[1])).toBeGreaterThan(70);
    expect(output).toContain('after 60 steps');
  });

  it('table: trains on encoded text columns, and the baseline too', async (context) => {
    needs(context, adult);
    const output = await example('table/run.js', adult.path, '40');
    const accuracies = [...output.matchAll(/accuracy ([\d.]+) % after 40 steps/g)].map(([, percent]) =>
      Number(percent),
    );
    expect(accuracies).toHaveLength(2);
    expect(Math.min(...accuracies)).toBeGreaterThan(70);
  });

  it('table: says how to get the data when they are not there', async () => {
    const failure = example('table/run.js', 'no-such-file.csv');
    await expect(failure).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining('UCI') as string });
  });

  it.runIf(wholeSuite).each([
    ['schedule', /least-done-first: accuracy ([\d.]+) %\nclient 0: 260 steps, client 1: 260 steps/],
    ['aggregation', /cappedMean: accuracy ([\d.]+) %/],
  ])('extend: a %s of its own trains', async (name, told) => {
    const [, accuracy] = told.exec(await example(`extend/${name}.js`)) ?? [];
    expect(Number(accuracy)).toBeGreaterThan(80);
  });

  it.runIf(wholeSuite)('extend: clients are looped over, waited for, and leave', async () => {
    expect(await example('extend/join.js')).toMatch(
      /^the third: .*\n(step \d+: loss [\d.]+\n)+the first: 200 steps in all, accuracy 0\.\d+\nthe second: 200 steps in all, accuracy 0/,
    );
  });

  it.runIf(wholeSuite)('extend: hooks stop a run', async () => {
    expect(await example('extend/hooks.js')).toMatch(
      /round \d+: mean loss 0\.1\d+\nstopped after \d+0 steps, since the mean loss of round \d+ is below 0\.2\n$/,
    );
  });

  it.each(['schedule', 'aggregation', 'hooks', 'join'])('extend: the %s has at most 30 lines', async (name) => {
    expect((await readFile(`examples/extend/${name}.ts`, 'utf8')).trimEnd().split('\n').length).toBeLessThanOrEqual(30);
  });

  it.runIf(wholeSuite)('pretrained: few pictures learn on a frozen bottom, which a script makes again', async () => {
    const output = await example('pretrained/run.js');
    const accuracies = [...output.matchAll(/accuracy ([\d.]+) %/g)].map(([, percent]) => Number(percent));
    expect(accuracies).toHaveLength(2);
    expect(accuracies[0]).toBeGreaterThan(76);
    const folder = await folderOf({});
    await example('pretrained/pretrain.js', join(folder, 'bottom'), '20');
    const [made, shipped] = await Promise.all(
      [join(folder, 'bottom'), 'examples/pretrained/bottom'].map((each) => tf.loadLayersModel(fromFolder(each))),
    );
    expect(made?.getWeights().map(({ shape }) => shape)).toEqual(shipped?.getWeights().map(({ shape }) => shape));
  });

  it.runIf(wholeSuite)('the task files run from the command line', async () => {
    const args = ['simulate', '--task', 'dist/examples/images/task.js', '--clients', '2', '--steps', '4', '--json'];
    const { stdout } = await run(process.execPath, ['dist/cli/main.js', ...args, '--limit', '500']);
    expect(JSON.parse(stdout)).toMatchObject({ task: 'images', clients: 2, steps: 4 });
  });
});
