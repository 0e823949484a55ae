import { mkdtemp, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../shared/events.js';
import { findTask } from '../../shared/tasks/find-task.js';
import { simulate, type SimulateOptions } from '../../simulator/simulate.js';
import { madeUpDigits } from '../helpers/digits.js';
import { tinyData, tinyTask } from '../helpers/tiny-task.js';
import { wholeSuite } from '../helpers/whole-suite.js';

function run(options: Partial<SimulateOptions> = {}) {
  const base = { task: tinyTask, data: tinyData(63, 5), clients: 3, epochs: 4, seed: 17, pool: 2 } as const;
  return simulate({ ...base, schedule: 'local-loss', engine: 'tfjs', transport: 'loopback', ...options });
}

/** Who sent how many samples in which round, by the steps of it. */
async function stepsByRound(options: Partial<SimulateOptions>) {
  const rounds: { steps: number; pooled: number }[] = [];
  const onEvent = (event: RunEvent) => {
    const last = rounds.at(-1);
    if (event.kind === 'round-started') rounds.push({ steps: 0, pooled: 0 });
    if (event.kind === 'step' && last) last.steps++;
    if (event.kind === 'pool' && last) last.pooled += event.samples;
  };
  const { summary } = await run({ ...options, onEvent });
  return { rounds, summary };
}

describe('smashed data that travel once', () => {
  it('go up once however many epochs there are, and labels too', async () => {
    const bytesAfter = async (epochs: number, pool: number) => (await run({ epochs, pool })).summary.bytes;
    const [once, often] = [await bytesAfter(1, 1), await bytesAfter(5, 3)];
    expect(often).toMatchObject({ up: once.up, down: once.down, labels: once.labels });
    const { bytes } = (await run({ epochs: 5, pool: undefined })).summary;
    expect(bytes.labels).toBeGreaterThan(3 * often.labels);
  });

  it('are the same twice, over sockets and in process, with codecs too, and others for another seed', async () => {
    const coded = { codecUp: 'delta+int4+rans', codecWeights: 'int8', poolEvery: 2 } as const;
    const first = await run({ ...coded, transport: 'websocket' });
    const again = await run(coded);
    expect(again.summary.weightsHash).toBe(first.summary.weightsHash);
    expect(again.summary.bytes).toEqual(first.summary.bytes);
    expect((await run({ ...coded, seed: 18 })).summary.weightsHash).not.toBe(first.summary.weightsHash);
  });

  it('teach the top as often as was asked for, and no bottom', async () => {
    const weights = async (pool: number) => (await run({ pool })).trained.weights;
    const [once, often] = [await weights(1), await weights(7)];
    expect(once.slice(0, 4)).toEqual(often.slice(0, 4));
    expect(once.slice(4)).not.toEqual(often.slice(4));
    const loss = async (pool: number) => (await run({ pool })).summary.testLoss ?? NaN;
    expect(await loss(30)).toBeLessThan(await loss(1));
  });

  it('come when all have learned, or after as many rounds as were asked for and at the end', async () => {
    // 63 samples among three clients in batches of 7: 3 steps each.
    const usual = await stepsByRound({});
    expect(usual.rounds.map(({ pooled }) => pooled)).toEqual([0, 0, 0, 0, 126]);
    expect(usual.rounds.map(({ steps }) => steps)).toEqual([9, 9, 9, 9, 9]);
    expect(usual.summary).toMatchObject({ steps: 45, samples: 5 * 63, stopped: 'epochs' });
    const often = await stepsByRound({ poolEvery: 3, pool: 1 });
    expect(often.rounds.map(({ pooled }) => pooled)).toEqual([0, 0, 0, 63, 0, 63]);
  });

  it('come also where an epoch is no whole number of rounds, or steps end the run', async () => {
    const odd = await stepsByRound({ epochs: 1, roundSteps: 2, pool: 1 });
    expect(odd.rounds).toEqual([
      { steps: 6, pooled: 0 },
      { steps: 3, pooled: 0 },
      { steps: 9, pooled: 63 },
    ]);
    const short = await stepsByRound({ epochs: undefined, steps: 4, pool: 1 });
    expect(short.rounds.at(-1)).toEqual({ steps: 9, pooled: 63 });
    expect(short.summary).toMatchObject({ steps: 13, stopped: 'steps' });
  });

  it('are tested after each filling, and the best model is kept', async () => {
    const { summary } = await run({ poolEvery: 1, evaluateEvery: 1, epochs: 3 });
    expect(summary.evaluations.map(({ round }) => round)).toEqual([2, 4, 6]);
    expect(summary.best?.round).toBeGreaterThan(0);
  });

  it.runIf(wholeSuite)('teach what digits are, in few bits', async () => {
    const task = findTask('mnist-mlp');
    const options = { task, data: madeUpDigits(480), batch: 32, epochs: 6, pool: 6, codecUp: 'int4+rans' } as const;
    expect((await run({ ...options, engine: 'onnx' })).summary.testAccuracy).toBeGreaterThan(0.9);
  });

  it('are nowhere when a run that is written down is over', async () => {
    const state = await mkdtemp(join(tmpdir(), 'tandem-pool-'));
    const seen = new Set<string>();
    const look = async () => (await readdir(join(state, 'server'))).forEach((file) => seen.add(file));
    const looks: Promise<void>[] = [];
    const onEvent = (event: RunEvent) => void (event.kind === 'pool' && looks.push(look()));
    await run({ state, poolEvery: 2, onEvent });
    await Promise.all(looks);
    expect([...seen].some((file) => file.endsWith('.rows'))).toBe(true);
    expect((await readdir(join(state, 'server'))).filter((file) => file.endsWith('.rows'))).toEqual([]);
  });

  it.each([
    ['without an auxiliary head', { schedule: 'splitfed-v2' }, /pool has no meaning with schedule 'splitfed-v2'/],
    ['without a cut', { schedule: 'fedavg' }, /only bottoms that learn from an auxiliary head/],
    ['with cut gradients', { alignEvery: 3 }, /while bottoms learn, nothing is sent/],
    ['of no epoch', { pool: 0 }, /pool is 0/],
    ['that is filled anew, and is not there', { pool: undefined, poolEvery: 2 }, /there is no pool/],
    ['that is tested when it is not filled', { evaluateEvery: 2 }, /after each filling of it alone/],
  ] as const)('a pool %s is refused', async (_, options, message) => {
    await expect(run(options)).rejects.toMatchObject({ code: 'BAD_OPTION', message });
  });
});
