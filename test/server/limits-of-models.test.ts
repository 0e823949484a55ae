import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { sgd } from '../../shared/engine/optimizer.js';
import { defineTask, type Task } from '../../shared/task.js';
import { mnist } from '../../shared/tasks/mnist.js';
import { simulate } from '../../simulator/simulate.js';
import { madeUpDigits } from '../helpers/digits.js';
import { tinyData, tinyTask } from '../helpers/tiny-task.js';

const options = { data: tinyData(22), clients: 1, epochs: 2, seed: 29, engine: 'tfjs' } as const;

/** A name as long as people hardly choose one. */
const long = (name: string) => `${name}_${'wide_and_deep_'.repeat(40)}`;

/** The lower part ends in as many tensors as are asked for, which the upper one joins. */
function branching(branches: number): Task {
  const names = Array.from({ length: branches }, (_, i) => long(`branch${i}`));
  return defineTask({
    ...tinyTask,
    name: 'branching',
    cut: names.join('+'),
    cuts: {},
    model: () => {
      const input = tf.input({ shape: [4] });
      const parts = names.map((name) => tf.layers.dense({ name, units: 3, activation: 'tanh' }).apply(input));
      const joined = tf.layers.concatenate().apply(parts as tf.SymbolicTensor[]);
      const output = tf.layers.dense({ name: 'logits', units: 3 }).apply(joined);
      return tf.model({ inputs: input, outputs: output as tf.SymbolicTensor });
    },
  });
}

/** One weight after the other. */
function deep(layers: number): Task {
  const names = Array.from({ length: layers }, (_, i) => long(`layer${i}`));
  return defineTask({
    ...tinyTask,
    name: 'deep',
    cut: names.at(-1) ?? '',
    cuts: {},
    model: () => {
      const own = names.map((name, i) =>
        tf.layers.dense({ name, units: 4, activation: 'tanh', ...(i === 0 ? { inputShape: [4] } : {}) }),
      );
      return tf.sequential({ layers: [...own, tf.layers.dense({ name: 'logits', units: 3 })] });
    },
  });
}

/** The lower part ends in a tensor of so many dimensions, the batch counted. */
function folded(rank: number): Task {
  return defineTask({
    ...tinyTask,
    name: 'folded',
    cut: 'fold',
    cuts: {},
    optimizer: sgd(0.05),
    model: () =>
      tf.sequential({
        layers: [
          tf.layers.dense({ units: 4, inputShape: [4] }),
          tf.layers.reshape({ name: 'fold', targetShape: [...Array<number>(rank - 2).fill(1), 4] }),
          tf.layers.flatten(),
          tf.layers.dense({ units: 3 }),
        ],
      }),
  });
}

describe('no valid model meets a limit', () => {
  it.each([
    ['16 tensors at the cut, the most there may be', branching(16)],
    ['43 weights below the cut, with long names', deep(21)],
    ['6 dimensions at the cut', folded(6)],
  ])('%s: it trains as the undivided one does, over a WebSocket', async (_what, task) => {
    const divided = await simulate({ ...options, task, schedule: 'sequential', transport: 'websocket' });
    const whole = await simulate({ ...options, task, schedule: 'centralised' });
    expect(divided.summary.weightsHash).toBe(whole.summary.weightsHash);
    expect(divided.summary.testLoss).toBeCloseTo(whole.summary.testLoss ?? NaN, 5);
  });

  it.each([
    ['17 tensors', branching(17), {}, 'BAD_CUT', /^17 tensors cross the cut, and a message holds 16$/],
    ['9 dimensions', folded(9), {}, 'BAD_CUT', /has 9 dimensions with that of the batch, and a message holds 8$/],
    [
      'messages of some GiB',
      mnist,
      { batch: 1_000_000, data: madeUpDigits(70) },
      'BAD_OPTION',
      /may have 4.4 GiB, and none holds more than 2.0$/,
    ],
  ])('%s are refused before anybody joins', async (_what, task, given, code, message) => {
    const refused = simulate({ ...options, ...given, task, schedule: 'sequential' });
    await expect(refused).rejects.toMatchObject({ code, message: expect.stringMatching(message) as string });
  });
});
