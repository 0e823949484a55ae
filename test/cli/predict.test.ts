import * as tf from '@tensorflow/tfjs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { join as joinRun } from '../../client/node/join.js';
import { lookAt } from '../../client/node/own/own-data.js';
import { findSource } from '../../client/node/own/find-source.js';
import { serve } from '../../server/serve.js';
import { tableWidth } from '../../shared/data/table.js';
import { adam } from '../../shared/engine/optimizer.js';
import { defineTask } from '../../shared/task.js';
import { lastLine, runCommand } from '../helpers/run-cli.js';
import { folderOf } from '../helpers/temp-files.js';
import { mixedTable, pricesTable } from '../helpers/own-tables.js';
import { wholeSuite } from '../helpers/whole-suite.js';

const few = ['--clients', '2', '--epochs', '4', '--json'];

async function trained(files: Record<string, string | Uint8Array>, ...args: string[]): Promise<string> {
  const folder = await folderOf(files);
  const save = `${folder}-run`;
  const paths = args.map((each) => (each === '.' || each in files ? join(folder, each) : each));
  const { code, stderr } = await runCommand('train', ...paths, '--save', save, ...few);
  expect(code, stderr).toBe(0);
  return folder;
}

async function linesOf(path: string): Promise<string[][]> {
  const text = await readFile(path, 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => line.split(','));
}

async function predicted(folder: string, data: string, ...more: string[]) {
  const out = `${folder}-${data.replace(/\W/g, '-')}.csv`;
  const { code, stdout, stderr } = await runCommand(
    ...['predict', `${folder}-run`, join(folder, data), ...more, '--out', out, '--json'],
  );
  expect(code, stderr).toBe(0);
  return { lines: await linesOf(out), result: lastLine(stdout), stderr };
}

describe('tandem predict', () => {
  let people = '';

  beforeAll(async () => {
    const table = mixedTable(300);
    const bare = table.split('\n').map((line) => line.replace(/,[^,]*$/, ''));
    people = await trained({ 'people.csv': table, 'new.csv': bare.slice(0, 41).join('\n') }, 'people.csv');
  });

  it("gives a table's rows their ids, words and chances, as the run's own test has them", async () => {
    const { lines, result } = await predicted(people, 'people.csv');
    expect(lines[0]).toEqual(['row', 'id', 'label', 'predicted', 'p(high)', 'p(low)']);
    expect(lines).toHaveLength(301);
    expect(lines[7]?.slice(0, 2)).toEqual(['6', '1006']);
    expect((result as { accuracy: number }).accuracy).toBeGreaterThan(0.8);
    const tested = await linesOf(join(`${people}-run`, 'test-predictions.csv'));
    for (const [row = '', label, word, chance] of tested.slice(1)) {
      const own = lines[Number(row) + 1] ?? [];
      expect(own.slice(2, 4)).toEqual([label, word]);
      expect(Number(own[4])).toBeCloseTo(Number(chance), 6);
    }
  });

  it('needs no labels', async () => {
    const without = await predicted(people, 'new.csv');
    expect(without.lines[0]).toEqual(['row', 'id', 'predicted', 'p(high)', 'p(low)']);
    expect(without.lines).toHaveLength(41);
    expect(without.result).toMatchObject({ samples: 40, accuracy: null, metrics: {} });
  });

  it.runIf(wholeSuite)('says a price in its own unit', async () => {
    const folder = await trained({ 'prices.csv': pricesTable(200) }, 'prices.csv', '--label', 'price');
    const { lines, result } = await predicted(folder, 'prices.csv', '--limit', '50');
    expect(lines).toHaveLength(51);
    expect(lines[0]).toEqual(['row', 'label', 'predicted']);
    for (const [, label, price] of lines.slice(1)) {
      expect(Number(label)).toBeGreaterThan(90_000);
      expect(Math.abs(Number(price))).toBeGreaterThan(10_000);
    }
    expect(Object.keys((result as { metrics: object }).metrics)).toEqual([
      'meanAbsoluteError',
      'rootMeanSquaredError',
      'r2',
    ]);
  });

  it('asks a server, which says how its data are read, and no label leaves', async () => {
    const { data, preparation } = await lookAt(await findSource(join(people, 'people.csv')), {});
    if (preparation.kind !== 'table') throw new Error('it is a table');
    const { table } = preparation;
    const layers = () => [
      tf.layers.dense({ name: 'hidden', units: 8, activation: 'relu', inputShape: [tableWidth(table)] }),
      tf.layers.dense({ name: 'logits', units: 2 }),
    ];
    const task = defineTask({
      ...{ name: 'people', table, cut: 'hidden', loss: 'softmaxCrossEntropy', metrics: [], batch: 16, epochs: 5 },
      ...{ optimizer: adam(0.02), labels: [{ name: 'income', dtype: 'int32', shape: [], min: 0, max: 1 }] },
      model: () => tf.sequential({ layers: layers() }),
    });
    const server = await serve({ task, clients: 1, keepServing: true, dashboard: false });
    try {
      for await (const _ of joinRun(server.url, { data }));
      await server.finished;
      const out = join(people, 'remote.csv');
      const args = ['predict', server.url, join(people, 'people.csv'), '--out', out, '--limit', '40', '--json'];
      const { code, stderr, stdout } = await runCommand(...args);
      expect(code, stderr).toBe(0);
      expect((lastLine(stdout) as { accuracy: number }).accuracy).toBeGreaterThan(0.7);
      const lines = await linesOf(out);
      expect(lines[0]).toEqual(['row', 'id', 'label', 'predicted', 'p(high)', 'p(low)']);
      expect(lines).toHaveLength(41);
      for (const [, , , , high, low] of lines.slice(1)) expect(Number(high) + Number(low)).toBeCloseTo(1, 6);
    } finally {
      await server.close();
    }
  });

  it('says what is wrong, and leaves no half a file', async () => {
    const nothing = await runCommand('predict', join(people, 'nowhere'), join(people, 'people.csv'));
    expect(nothing.stderr).toContain('is neither the folder of a run nor a server');
    const other = await runCommand('predict', `${people}-run`, people, '--out', join(people, 'o.csv'));
    expect(other.code).not.toBe(0);
    await expect(readFile(join(people, 'o.csv'))).rejects.toThrow();
  });
});
