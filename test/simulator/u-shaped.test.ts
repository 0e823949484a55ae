import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { columns, dataOf, taskOf, type Column } from '../../bench/metrics/tasks.js';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import { sgd } from '../../shared/engine/optimizer.js';
import type { RunEvent } from '../../shared/events.js';
import { maxAbsDifference } from '../../shared/ndarray.js';
import { findTask } from '../../shared/tasks/find-task.js';
import { simulate, type SimulateOptions } from '../../simulator/simulate.js';
import { verify } from '../../simulator/verify.js';
import { madeUpDigits } from '../helpers/digits.js';
import { smallDigits } from '../helpers/small-digits.js';
import { someOf, wholeSuite } from '../helpers/whole-suite.js';

const data = madeUpDigits(480);
const mlp = smallDigits;

function run(options: Partial<SimulateOptions> = {}) {
  return simulate({
    task: mlp,
    data,
    topology: 'u-shaped',
    clients: 3,
    epochs: 2,
    batch: 32,
    seed: 9,
    engine: 'tfjs',
    transport: 'loopback',
    ...options,
  });
}

describe('a u-shaped run', () => {
  it.each(['sequential', 'splitfed-v2', 'splitfed-v1'])(
    'of one client with schedule %s is the centralised one bit for bit',
    async (schedule) => {
      const options = { task: findTask('mnist-norm'), clients: 1, epochs: 1, roundSteps: 4 } as const;
      const divided = await run({ ...options, schedule });
      const whole = await run({ ...options, schedule: 'centralised' });
      expect(divided.summary.weightsHash).toBe(whole.summary.weightsHash);
      expect(divided.summary.testAccuracy).toBe(whole.summary.testAccuracy);
      expect(divided.summary.testLoss).toBeCloseTo(whole.summary.testLoss ?? NaN, 12);
      expect(divided.summary).toMatchObject({ topology: 'u-shaped', steps: 15, samples: 480 });
    },
  );

  it.runIf(wholeSuite)(
    'of one client with a skip connection across a cut is the centralised one bit for bit',
    async () => {
      const options = { task: findTask('mnist-residual'), clients: 1, epochs: 1 } as const;
      const divided = await run(options);
      const whole = await run({ ...options, schedule: 'centralised' });
      expect(divided.summary.weightsHash).toBe(whole.summary.weightsHash);
    },
  );

  it('of one client on onnx is within 1e-4 of the centralised one on tfjs', async () => {
    const options = { task: findTask('mnist'), clients: 1, steps: 12, epochs: undefined } as const;
    const divided = await run({ ...options, engine: 'onnx' });
    const whole = await run({ ...options, schedule: 'centralised' });
    const differences = divided.trained.weights.map((weight, i) =>
      maxAbsDifference(weight, whole.trained.weights[i] ?? weight),
    );
    expect(Math.max(...differences)).toBeLessThan(1e-4);
    expect(divided.summary.engine).toMatch(/^onnx/);
  });

  it.each(someOf(['splitfed-v2', 'splitfed-v1', 'sequential', 'splitfed-v3'], 2))(
    'of three clients with schedule %s learns as the vanilla one does',
    async (schedule) => {
      const { summary } = await run({ schedule, epochs: 6 });
      const vanilla = await run({ schedule, epochs: 6, topology: 'vanilla' });
      expect(summary.steps).toBe(vanilla.summary.steps);
      expect(summary.testAccuracy).toBeGreaterThan((vanilla.summary.testAccuracy ?? 1) - 0.05);
      expect(summary.testAccuracy).toBeGreaterThan(0.9);
      expect(summary.testLoss).toBeLessThan(0.7);
      // Handed on with their optimizers, the tops of the clients are one, as the server's is.
      if (schedule === 'sequential') expect(summary.weightsHash).toBe(vanilla.summary.weightsHash);
    },
  );

  it('is the same twice, over sockets and in process, and another for another seed', async () => {
    const first = await run({ transport: 'websocket' });
    const again = await run();
    const other = await run({ seed: 10 });
    expect(again.summary.weightsHash).toBe(first.summary.weightsHash);
    expect(again.summary.bytes).toEqual(first.summary.bytes);
    expect(other.summary.weightsHash).not.toBe(first.summary.weightsHash);
    expect(first.summary).toMatchObject({ steps: 30, samples: 960, clients: 3 });
    expect(first.summary.bytes.labels).toBe(0);
  });

  it('measures what the vanilla one measures, an area from counts in bins', async () => {
    const task = { ...mlp, metrics: ['macroF1', 'accuracy', 'confusionMatrix'] as const };
    const options = { task, schedule: 'sequential', steps: 7, epochs: undefined } as const;
    const { summary } = await run(options);
    const vanilla = await run({ ...options, topology: 'vanilla' });
    expect(summary.metrics).toEqual(vanilla.summary.metrics);
    expect(summary.metrics.confusionMatrix?.flat().reduce((sum, count) => sum + count)).toBe(96);
    const events: RunEvent[] = [];
    const binary = columns.find(({ kind }) => kind === 'binary') as Column;
    const yesOrNo = {
      task: { ...taskOf(binary, 'u-shaped'), optimizer: sgd(0.1) },
      data: dataOf(binary, 'u-shaped', 90, 3),
      clients: 1,
    };
    const { metrics, approximate } = (await run({ ...yesOrNo, onEvent: (event) => void events.push(event) })).summary;
    const exact = (await run({ ...yesOrNo, topology: 'vanilla' })).summary;
    expect(exact.approximate).toEqual({});
    expect(Object.keys(approximate)).toEqual(['auc']);
    expect(Math.abs((metrics.auc ?? NaN) - (exact.metrics.auc ?? NaN))).toBeLessThanOrEqual(approximate.auc ?? NaN);
    expect({ ...metrics, auc: 0 }).toEqual({ ...exact.metrics, auc: 0 });
    expect(events.find(({ kind }) => kind === 'measuring')).toMatchObject({
      metrics: expect.arrayContaining([
        { name: 'auc', how: 'approximate', why: expect.any(String) as string },
      ]) as object,
    });
  });

  it('leaves no tensors behind', async () => {
    await run({ steps: 3 });
    const before = tf.memory().numTensors;
    await run({ steps: 3 });
    expect(tf.memory().numTensors).toBe(before);
  });

  it('is verified like any other', async () => {
    const engine = await chooseEngine('tfjs');
    const options = { dataset: data.train, engine, steps: 5, batch: 17, seed: 3, topology: 'u-shaped' };
    expect(await verify({ ...options, task: mlp })).toMatchObject({ segments: 3, identical: true });
  });

  it('refuses a task with one cut, and says how to give two', async () => {
    await expect(run({ task: { ...mlp, cuts: {} } })).rejects.toMatchObject({
      code: 'BAD_OPTION',
      message: "topology 'u-shaped' needs 2 cuts, task 'small digits' has 1",
      action: expect.stringContaining('--cut hidden1,hidden2') as string,
    });
  });

  it('refuses a loss that cannot be sent', async () => {
    const loss = () => tf.scalar(3);
    await expect(run({ task: { ...mlp, loss } })).rejects.toMatchObject({
      code: 'BAD_OPTION',
      message: /loss of your own/,
    });
  });

  it('fails with the reason when the loss breaks', async () => {
    const task = { ...mlp, optimizer: { kind: 'sgd', learningRate: 1e5 } as const };
    await expect(run({ task, clients: 1 })).rejects.toMatchObject({ code: 'BAD_VALUE' });
  });
});
