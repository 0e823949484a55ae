import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { promised } from '../../shared/promised.js';
import { folderOf } from '../helpers/temp-files.js';
import { runCommand } from '../helpers/run-cli.js';

const broken = { code: 'BAD_DATA', action: 'look at it' } as const;

describe('what a user has promised', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  it('is waited for with a word every ten seconds, and given up after two minutes', async () => {
    const warn = vi.spyOn(console, 'warn').mockReturnValue();
    const outcome = promised('the rows', new Promise(() => undefined), broken).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(35_000);
    expect(warn.mock.calls.map(([line]) => line as string)).toEqual(
      [10, 20, 30].map((seconds) => `tandem: still waiting for the rows, ${seconds} s so far`),
    );
    await vi.advanceTimersByTimeAsync(90_000);
    expect(await outcome).toMatchObject({ code: 'BAD_DATA', message: 'the rows is not there after 120 s' });
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is answered when it comes late, and fails as it fails', async () => {
    vi.spyOn(console, 'warn').mockReturnValue();
    const late = promised('it', new Promise((resolve) => setTimeout(() => resolve(7), 100_000)), broken);
    await vi.advanceTimersByTimeAsync(100_000);
    expect(await late).toBe(7);
    await expect(promised('it', Promise.reject(new Error('no')), broken)).rejects.toThrow('no');
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('a promise that nothing keeps', () => {
  const task = `export default { name: 'never', cut: 'a', loss: 'meanSquaredError', optimizer: { kind: 'sgd', learningRate: 0.1 },
    labels: [{ name: 'y', dtype: 'float32', shape: [] }], metrics: [], model: () => new Promise(() => {}) };`;
  it.each<[string, Readonly<Record<string, string>>, string[], RegExp]>([
    ['a model', { 'task.js': task }, ['serve', '--clients', '1'], /model of task 'never' .* nothing keeps.*BAD_MODEL/],
    ['a task', { 'task.js': 'await new Promise(() => {});' }, ['verify'], /the task file .*task\.js .* nothing keeps/],
    [
      'data',
      { 'task.js': task, 'data.js': 'export default () => new Promise(() => {});' },
      ['verify', '--data'],
      /the data of .*data\.js .* nothing keeps.*BAD_DATA/,
    ],
  ])('ends a command with a sentence: %s', async (_what, files, args, says) => {
    const folder = await folderOf({ ...files, 'package.json': '{"type":"module"}' });
    const data = args.includes('--data') ? [`${folder}/data.js`] : [];
    const { code, stderr } = await runCommand(...args, ...data, '--task', `${folder}/task.js`);
    expect(stderr).toMatch(says);
    expect([1, 2]).toContain(code);
  });
});
