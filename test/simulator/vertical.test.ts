import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../shared/events.js';
import { fusionNames, type Fusion } from '../../shared/model/vertical-model.js';
import { maxAbsDifference } from '../../shared/ndarray.js';
import { simulate, type SimulateOptions } from '../../simulator/simulate.js';
import { verticalData, verticalTask } from '../helpers/vertical-task.js';
import { someOf } from '../helpers/whole-suite.js';

function run(options: Partial<SimulateOptions> = {}) {
  return simulate({
    task: verticalTask(),
    data: verticalData(),
    topology: 'vertical',
    clients: 4,
    seed: 3,
    engine: 'tfjs',
    transport: 'loopback',
    ...options,
  });
}

describe('a vertical run', () => {
  it.each([
    ['vertical', 4],
    ['vertical', 3],
    ['vertical-u-shaped', 4],
    ['vertical-u-shaped', 3],
  ])('%s with %i parties is the centralised one bit for bit', async (topology, clients) => {
    const divided = await run({ topology, clients });
    const whole = await run({ topology, schedule: 'centralised' });
    expect(divided.summary).toMatchObject({ topology, schedule: 'joint', steps: 14, samples: 90 });
    expect(divided.summary.weightsHash).toBe(whole.summary.weightsHash);
    expect(divided.summary.testAccuracy).toBe(whole.summary.testAccuracy);
    expect(divided.summary.testLoss).toBeCloseTo(whole.summary.testLoss ?? NaN, 12);
  });

  it.each(
    someOf(
      [
        ['vertical', 4, 2],
        ['vertical-u-shaped', 3, 1],
      ],
      1,
    ),
  )(
    '%s with %i parties stops early as the centralised one does, with the same best model',
    async (topology, clients, evaluateEvery) => {
      const early = { topology, epochs: 60, evaluateEvery, patience: 1, roundSteps: 3, data: verticalData(24, 6) };
      const divided = await run({ ...early, clients });
      const whole = await run({ ...early, schedule: 'centralised' });
      expect(divided.summary.stopped).toBe('patience');
      expect(divided.summary.best?.round).toBe(whole.summary.best?.round);
      expect(divided.summary.steps).toBe(whole.summary.steps);
      expect(divided.summary.weightsHash).toBe(whole.summary.weightsHash);
      expect(divided.summary.evaluations.map(({ round }) => round)).toEqual(
        whole.summary.evaluations.map(({ round }) => round),
      );
    },
  );

  it.each(someOf(fusionNames, 1))('with fusion %s is the centralised one, on onnx within 1e-4', async (fusion) => {
    const task = verticalTask(fusion);
    const whole = await run({ task, schedule: 'centralised' });
    const divided = await run({ task });
    expect(divided.summary.weightsHash).toBe(whole.summary.weightsHash);
    const onnx = await run({ task, engine: 'onnx' });
    const apart = onnx.trained.weights.map((weight, i) => maxAbsDifference(weight, whole.trained.weights[i] ?? weight));
    expect(Math.max(...apart)).toBeLessThan(1e-4);
  });

  it('takes a fusion of your own', async () => {
    const difference: Fusion = ([a, b, c]) => {
      const sum = tf.layers.add({ name: 'both' }).apply([a as tf.SymbolicTensor, b as tf.SymbolicTensor]);
      return tf.layers
        .multiply({ name: 'fusion' })
        .apply([sum as tf.SymbolicTensor, c as tf.SymbolicTensor]) as tf.SymbolicTensor;
    };
    const task = verticalTask(difference);
    const [divided, whole] = [await run({ task }), await run({ task, schedule: 'centralised' })];
    expect(divided.summary.weightsHash).toBe(whole.summary.weightsHash);
  });

  it('matches rows by id: each party lacks some and has the others in an order of its own', async () => {
    const events: RunEvent[] = [];
    const onEvent = (event: RunEvent) => void events.push(event);
    const { summary } = await run({ missingIds: 0.1, epochs: 6, data: verticalData(90), onEvent });
    const perEpoch = summary.samples / 6;
    // At least all that are not missing anywhere, fewer than any one party has.
    expect(perEpoch).toBeGreaterThanOrEqual(90 - 4 * 9);
    expect(perEpoch).toBeLessThan(81);
    expect(summary.testAccuracy).toBeGreaterThan(0.6);
    const matching = events.filter((event) => event.kind === 'matching');
    expect(matching.map(({ done }) => done)).toEqual(matching.map(({ done }) => done).sort((a, b) => a - b));
    expect(matching.at(-1)?.done).toBe(matching.at(-1)?.total);
    expect(matching.at(-1)?.total).toBeGreaterThan(4 * 4 * perEpoch);
    // Test rows are matched too.
    const [matched] = events.filter((event) => event.kind === 'matched');
    expect(matched?.rows).toBeGreaterThan(perEpoch);
  });

  it.each([
    [{ clients: 2 }, /has features of 3 parties, and the run has 2/],
    [{ clients: 5 }, /has features of 3 parties, and the run has 5/],
    [{ deadlineSeconds: 3 }, /without missing = zero all parties are waited for/],
    [{ participation: 0.5 }, /a step needs all parties/],
    [{ missingIds: 1 }, /missing ids are 1/],
    [{ topology: 'vanilla', missingIds: 0.1 }, /no ids to miss/],
    [{ topology: 'vanilla', missing: 'zero' }, /rows of its own/],
  ] as const)('with %o is refused with the reason', async (options, message) => {
    await expect(run(options)).rejects.toMatchObject({ code: 'BAD_OPTION', message });
  });
});
