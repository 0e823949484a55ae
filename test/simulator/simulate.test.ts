import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../shared/events.js';
import { arrayDataset } from '../../shared/data/dataset.js';
import { float32, int32 } from '../../shared/ndarray.js';
import { findTask } from '../../shared/tasks/find-task.js';
import { simulate, type SimulateOptions } from '../../simulator/simulate.js';
import { madeUpDigits } from '../helpers/digits.js';
import { smallDigits } from '../helpers/small-digits.js';
import { tinyTask } from '../helpers/tiny-task.js';
import { someOf } from '../helpers/whole-suite.js';

const data = madeUpDigits(480);
const mlp = smallDigits;

function run(options: Partial<SimulateOptions> = {}) {
  return simulate({ task: mlp, data, clients: 3, epochs: 2, batch: 32, seed: 9, engine: 'tfjs', ...options });
}

describe('a simulated run', () => {
  it('is the same twice, over sockets and in process, and another for another seed', async () => {
    const first = await run();
    const again = await run();
    const inProcess = await run({ transport: 'loopback' });
    const other = await run({ seed: 10 });
    expect(again.summary.weightsHash).toBe(first.summary.weightsHash);
    expect(inProcess.summary.weightsHash).toBe(first.summary.weightsHash);
    expect(inProcess.summary.bytes).toEqual(first.summary.bytes);
    expect(other.summary.weightsHash).not.toBe(first.summary.weightsHash);
    // 160 samples a client in batches of 32, twice over, three clients.
    expect(first.summary).toMatchObject({ steps: 30, samples: 960, clients: 3, transport: 'websocket', seed: 9 });
    expect(inProcess.summary.transport).toBe('loopback');
  });

  it.each(someOf(['splitfed-v2', 'sequential', 'centralised'], 1))('learns with schedule %s', async (schedule) => {
    const { summary } = await run({ schedule, epochs: 6 });
    expect(summary.testAccuracy).toBeGreaterThan(0.9);
    expect(summary.testLoss).toBeLessThan(0.7);
    expect(summary.schedule).toBe(schedule);
  });

  it.each(someOf(['sequential', 'splitfed-v2'], 1))(
    'of one client with schedule %s is the centralised one bit for bit',
    async (schedule) => {
      const task = { ...findTask('mnist-norm'), metrics: ['accuracy', 'macroF1', 'confusionMatrix'] } as const;
      const options = { task, clients: 1, epochs: 1, roundSteps: schedule === 'sequential' ? 4 : undefined } as const;
      const divided = await run({ ...options, schedule });
      const whole = await run({ ...options, schedule: 'centralised' });
      expect(divided.summary.weightsHash).toBe(whole.summary.weightsHash);
      expect(divided.summary.testAccuracy).toBe(whole.summary.testAccuracy);
      expect(divided.summary.metrics).toEqual(whole.summary.metrics);
      expect(whole.summary.metrics.confusionMatrix?.flat().reduce((sum, count) => sum + count)).toBe(96);
    },
  );

  it('counts every byte of every client, and labels apart', async () => {
    const { summary, clients } = await run({ steps: 7, epochs: undefined });
    const { up, down, labels, weights, control, total } = summary.bytes;
    expect(up + down + labels + weights + control).toBe(total);
    expect(clients.reduce((sum, client) => sum + client.bytes.total, 0)).toBe(total);
    expect(clients.reduce((sum, client) => sum + client.steps, 0)).toBe(7);
    // Labels are int32: seven batches of 32 and 96 test samples.
    expect(labels).toBe(4 * (7 * 32 + 96));
    expect(up).toBeGreaterThan(4 * 24 * (7 * 32 + 96));
  });

  it('stops after the steps it was given, with smaller last batches and uneven clients', async () => {
    const { summary } = await run({ partition: 'dirichlet:0.3', batch: 50, epochs: 3 });
    expect(summary.samples).toBe(3 * 480);
    expect((await run({ steps: 5 })).summary.steps).toBe(5);
    expect((await run({ limit: 100, epochs: 1 })).summary.samples).toBe(100);
  });

  it('tells what happens in order', async () => {
    const events: RunEvent[] = [];
    await run({ epochs: 1, schedule: 'sequential', onEvent: (event) => events.push(event) });
    const kinds = events.map((event) => event.kind).filter((kind, i, all) => kind !== all[i - 1]);
    const turn = ['round-started', 'step', 'aggregated'];
    expect(kinds).toEqual(['measuring', 'client-joined', ...turn, ...turn, ...turn, 'evaluating', 'evaluated']);
  });

  it('leaves no tensors behind', async () => {
    await run({ steps: 3 });
    const before = tf.memory().numTensors;
    await run({ steps: 3 });
    expect(tf.memory().numTensors).toBe(before);
  });

  it('can be stopped', async () => {
    const controller = new AbortController();
    const running = run({
      epochs: 50,
      signal: controller.signal,
      onEvent: ({ kind }) => kind === 'step' && controller.abort(),
    });
    await expect(running).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  it('fails with the reason when the loss breaks', async () => {
    const task = { ...mlp, optimizer: { kind: 'sgd', learningRate: 1e5 } as const };
    await expect(run({ task, clients: 1 })).rejects.toMatchObject({
      code: 'BAD_VALUE',
      message: expect.stringMatching(
        /loss of step \d+ is NaN|holds (NaN|-?Infinity)|would leave weights that nothing/,
      ) as string,
    });
  });

  it.each([4, 5, 6, 7])('fails at once when one client has labels the task does not allow, seed %i', async (seed) => {
    // Sorted by label and cut in three: whoever gets the nines is refused, and the others would wait for it.
    const kinds = Array.from({ length: 30 }, (_, i) => [0, 1, 9][i % 3] ?? 0);
    const train = arrayDataset([float32([30, 4], Array<number>(120).fill(0.3))], [int32([30], kinds)]);
    const running = run({ task: tinyTask, data: { train }, partition: 'shards:1', seed });
    await expect(running).rejects.toMatchObject({
      code: 'BAD_LABEL',
      message: expect.stringMatching(
        /^client \d: label 'kind' of sample \d is 9, allowed are 0 to 2 \(row \d+ of the training data, from 0\)$/,
      ) as string,
    });
  });

  it('refuses a partition that leaves a client without samples', async () => {
    await expect(run({ limit: 2 })).rejects.toMatchObject({
      code: 'BAD_DATA',
      message: /client 2 of 3 gets none of the 2/,
    });
  });
});
