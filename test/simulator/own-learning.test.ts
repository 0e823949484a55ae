import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { columns, dataOf, taskOf, type Column } from '../../bench/metrics/tasks.js';
import { sgd } from '../../shared/engine/optimizer.js';
import { maxAbsDifference } from '../../shared/ndarray.js';
import type { RunEvent } from '../../shared/events.js';
import { topologyNames } from '../../shared/topologies.js';
import { simulate, type SimulateOptions } from '../../simulator/simulate.js';
import { madeUpDigits } from '../helpers/digits.js';
import { smallDigits } from '../helpers/small-digits.js';
import { tinyData, tinyTask } from '../helpers/tiny-task.js';

const digits = madeUpDigits(480);
const both = ['fedavg', 'local-loss'] as const;

function run(options: Partial<SimulateOptions> = {}) {
  const base = { task: tinyTask, data: tinyData(63, 5), clients: 3, epochs: 4, seed: 17 } as const;
  return simulate({ ...base, engine: 'tfjs', transport: 'loopback', ...options });
}

describe.each(both)('%s', (schedule) => {
  it('of three clients on onnx is near what it is on tfjs, and learns digits', async () => {
    const options = { task: smallDigits, data: digits, schedule, batch: 32, epochs: 6, roundSteps: 2 };
    const tfjs = await run({ ...options, epochs: undefined, steps: 9 });
    const onnx = await run({ ...options, epochs: undefined, steps: 9, engine: 'onnx' });
    const differences = onnx.trained.weights.map((weight, i) =>
      maxAbsDifference(weight, tfjs.trained.weights[i] ?? weight),
    );
    expect(Math.max(...differences)).toBeLessThan(1e-4);
    const { summary } = await run({ ...options, engine: 'onnx' });
    expect(summary).toMatchObject({ steps: 90, samples: 6 * 480 });
    expect(summary.testAccuracy).toBeGreaterThan(0.9);
  });

  it('is the same twice, over sockets and in process, and another for another seed', async () => {
    const first = await run({ schedule, transport: 'websocket' });
    const again = await run({ schedule });
    const other = await run({ schedule, seed: 18 });
    expect(again.summary.weightsHash).toBe(first.summary.weightsHash);
    expect(again.summary.bytes).toEqual(first.summary.bytes);
    expect(other.summary.weightsHash).not.toBe(first.summary.weightsHash);
  });

  it('ends after as many steps as were asked for, and trains a share of the clients in a round', async () => {
    expect((await run({ schedule, steps: 7 })).summary.steps).toBe(7);
    const events: RunEvent[] = [];
    const onEvent = (event: RunEvent) => void events.push(event);
    await run({ schedule, epochs: 2, roundSteps: 1, participation: 0.4, onEvent });
    const aggregated = events.filter((event) => event.kind === 'aggregated');
    expect(aggregated.length).toBeGreaterThan(3);
    expect(aggregated.every(({ clients }) => clients === 1)).toBe(true);
  });

  it('leaves no tensors behind', async () => {
    await run({ schedule, steps: 3 });
    const before = tf.memory().numTensors;
    await run({ schedule, steps: 3 });
    expect(tf.memory().numTensors).toBe(before);
  });

  it.each(topologyNames.filter((name) => name !== 'vanilla'))(
    'with topology %s is refused, with the reason',
    async (topology) => {
      const message = schedule === 'fedavg' ? /there is no cut for topology/ : /places them otherwise/;
      await expect(run({ schedule, topology })).rejects.toMatchObject({ code: 'BAD_OPTION', message });
    },
  );

  it('refuses a loss that cannot be sent', async () => {
    const task = { ...tinyTask, loss: () => tf.scalar(3) };
    const message = new RegExp(`schedule '${schedule}' computes the loss at the clients`);
    await expect(run({ task, schedule })).rejects.toMatchObject({ code: 'BAD_OPTION', message });
  });

  it('fails with the reason when the loss breaks', async () => {
    const task = { ...smallDigits, optimizer: { kind: 'sgd', learningRate: 1e5 } as const };
    await expect(run({ task, data: digits, clients: 1, schedule })).rejects.toMatchObject({ code: 'BAD_VALUE' });
  });
});

describe('fedavg', () => {
  it('measures what the centralised run measures, an area from counts in bins', async () => {
    const task = { ...smallDigits, metrics: ['macroF1', 'accuracy', 'confusionMatrix'] as const };
    const options = { task, data: digits, clients: 1, steps: 5, epochs: undefined } as const;
    const { summary } = await run({ ...options, schedule: 'fedavg' });
    const whole = await run({ ...options, schedule: 'centralised' });
    expect(summary.metrics).toEqual(whole.summary.metrics);
    expect(summary.bytes).toMatchObject({ up: 0, down: 0, labels: 0 });
    const binary = columns.find(({ kind }) => kind === 'binary') as Column;
    const yesOrNo = {
      task: { ...taskOf(binary, 'vanilla'), optimizer: sgd(0.1) },
      data: dataOf(binary, 'vanilla', 90, 3),
    };
    const apart = await run({ ...yesOrNo, clients: 1, schedule: 'fedavg' });
    const exact = (await run({ ...yesOrNo, clients: 1, schedule: 'centralised' })).summary.metrics.auc ?? NaN;
    const { metrics, approximate } = apart.summary;
    expect(Math.abs((metrics.auc ?? NaN) - exact)).toBeLessThanOrEqual(approximate.auc ?? NaN);
  });
});

describe('local-loss', () => {
  it('trains the bottom without the server, unless it is told to align', async () => {
    const bottomOf = async (options: Partial<SimulateOptions>) => {
      const { trained, summary } = await run({ clients: 1, schedule: 'local-loss', ...options });
      return { bottom: trained.weights.slice(0, 4), down: summary.bytes.down };
    };
    const alone = await bottomOf({});
    // A top that learns otherwise changes nothing below it.
    const slow = { kind: 'sgd', learningRate: 0.001 } as const;
    const other = await bottomOf({ task: { ...tinyTask, optimizer: [tinyTask.optimizer, slow].flat() } });
    expect(other.bottom).toEqual(alone.bottom);
    const aligned = await bottomOf({ alignEvery: 3 });
    expect(aligned.bottom).not.toEqual(alone.bottom);
    // 4 epochs of 9 steps, of which 12 get a gradient of 7 samples with 5 values.
    expect(aligned.down).toBeGreaterThan(alone.down + 12 * 7 * 5 * 4);
    expect(aligned.down).toBeLessThan(alone.down + 12 * (7 * 5 * 4 + 60));
  });

  it('takes a head of the task, and says when it does not fit', async () => {
    const head = (units: number) => () =>
      tf.sequential({
        layers: [tf.layers.dense({ units: 8, inputShape: [5], activation: 'relu' }), tf.layers.dense({ units })],
      });
    const { summary } = await run({ schedule: 'local-loss', epochs: 9, task: { ...tinyTask, auxiliary: head(3) } });
    expect(summary.testAccuracy).toBeGreaterThan(0.6);
    await expect(run({ schedule: 'local-loss', task: { ...tinyTask, auxiliary: head(2) } })).rejects.toMatchObject({
      code: 'BAD_OPTION',
      message: /makes float32\[2\], but float32\[3\] is what the model makes/,
    });
  });

  it.each([
    ['splitfed-v2', { alignEvery: 3 }, /alignEvery has no meaning with schedule 'splitfed-v2'/],
    ['fedavg', { alignEvery: 3 }, /only bottoms that learn from an auxiliary head/],
    ['local-loss', { alignEvery: 0 }, /alignEvery is 0/],
    ['local-loss', { staleness: 2 }, /only on a shared lane that takes steps as they arrive/],
  ])('%s with %o is refused', async (schedule, options, message) => {
    await expect(run({ schedule, ...options })).rejects.toMatchObject({ code: 'BAD_OPTION', message });
  });
});
