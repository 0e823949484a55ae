import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { COLOURS, hasTerminal, linesOnTerminal, onTerminal } from '../helpers/on-terminal.js';
import { runReport } from '../../cli/report.js';
import { simulate } from '../../simulator/simulate.js';
import { folderOf } from '../helpers/temp-files.js';
import { tinyData, tinyTask } from '../helpers/tiny-task.js';
import { wholeSuite } from '../helpers/whole-suite.js';

const run = promisify(execFile);
const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** Fourteen classes with long names, which are more than a table of 80 columns holds. */
function manyClasses(): string {
  const rows = Array.from(
    { length: 280 },
    (_, row) => `${(row % 14) + 0.3 * (row % 5)},a class by the name of ${row % 14}`,
  );
  return `a column whose name is longer than any column should be,kind\n${rows.join('\n')}\n`;
}

const wide = (output: string) => linesOnTerminal(output).filter((line) => line.length > 80);

describe.skipIf(!hasTerminal)('on a terminal of 80 columns', () => {
  let cwd = '';
  let trained = '';
  beforeAll(async () => {
    cwd = await folderOf({ 'many.csv': manyClasses() });
    trained = await onTerminal('train many.csv --epochs 2', { cwd, env: { NO_COLOR: '1' } });
  }, 60_000);

  it('train shows what it found and how it goes, without colours where none are wanted', () => {
    expect(trained).toContain('14 classes');
    expect(trained).toMatch(/best epoch \d/);
    expect(wide(trained)).toEqual([]);
    expect(trained).not.toMatch(COLOURS);
  });

  it.each([
    ['runs', 'finished'],
    ['runs runs/many-1 runs/many-1', 'mlp-small'],
    ['predict runs/many-1 many.csv --out answers.csv', 'predictions in'],
  ])('%s', async (command, says) => {
    const output = await onTerminal(command, { cwd });
    expect(output).toContain(says);
    expect(wide(output)).toEqual([]);
  });

  it.runIf(wholeSuite)('simulate, its tables too', async () => {
    const output = await onTerminal('simulate --task mnist-mlp --clients 2 --steps 4 --limit 200', { cwd });
    expect(output).toContain('weights hash');
    expect(output).toContain('predicted');
    expect(wide(output)).toEqual([]);
  });

  it('serve, what it prints to be copied aside', async () => {
    const output = await onTerminal('serve --port 0 --task mnist-mlp', { until: 'look at the run' });
    expect(wide(output).filter((line) => !/https?:\/\/|wss?:\/\//.test(line))).toEqual([]);
  });
});

describe('into a pipe', () => {
  it.each([
    ['train many.csv --epochs 1 --save piped 2>&1', 'piped'],
    ['--help', undefined],
  ])('%s may be read for three lines alone', async (command, folder) => {
    const cwd = await folderOf({ 'many.csv': manyClasses() });
    const line = `set -o pipefail; ${process.execPath} ${main} ${command} | head -3`;
    const { stdout, stderr } = await run('bash', ['-c', line], { cwd });
    expect(stdout.trimEnd().split('\n').length).toBeLessThanOrEqual(3);
    expect(stdout + stderr).not.toMatch(COLOURS);
    if (folder !== undefined) expect(await readdir(cwd)).toContain(folder);
  });
});

it('names the worst confusions where all of them are too wide', async () => {
  const { summary, clients } = await simulate({ task: tinyTask, data: tinyData(), clients: 1, steps: 1 });
  const confusionMatrix = Array.from({ length: 14 }, (_, label) =>
    Array.from({ length: 14 }, (_, predicted) =>
      label === predicted ? 1000 : label === 3 && predicted === 5 ? 2345 : 1,
    ),
  );
  const withMatrix = { ...summary, metrics: { ...summary.metrics, confusionMatrix } };
  const report = runReport(withMatrix, clients, 66);
  expect(report).toContain('labels most often taken for others: 3 for 5 (2,345), 0 for');
  expect(report).not.toContain('predicted');
  // What is compared with other runs is all there.
  expect(report.replace(/[^0-9a-f]/g, '')).toContain(summary.weightsHash);
  expect(report.split('\n').filter((line) => line.length > 66)).toEqual([]);
  expect(runReport(withMatrix, clients, 300)).toContain('label \\ predicted');
});
