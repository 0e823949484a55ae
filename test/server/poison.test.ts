import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import type { Lane } from '../../server/lane/lane.js';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import type { Engine, SegmentState } from '../../shared/engine/engine.js';
import { sgd } from '../../shared/engine/optimizer.js';
import { buildSegments } from '../../shared/model/build.js';
import { firstNonFinite, float32, int32, type NdArray } from '../../shared/ndarray.js';
import type { Message } from '../../shared/protocol/messages.js';
import { optimizerOf, type Task } from '../../shared/task.js';
import { askLane, openLane } from '../helpers/ask-lane.js';
import { tinyTask } from '../helpers/tiny-task.js';

/** 5 values at the cut; batch normalisation of them where asked for. */
const taskWith = (norm: boolean): Task => ({
  ...tinyTask,
  model: () =>
    tf.sequential({
      layers: [
        tf.layers.dense({ name: 'hidden', units: 5, inputShape: [4] }),
        ...(norm ? [tf.layers.batchNormalization({ name: 'norm' })] : []),
        tf.layers.dense({ name: 'logits', units: 3 }),
      ],
    }),
});

const [ROWS, WIDTH, SEED] = [3, 5, 7];
const filled = (value: (i: number) => number) =>
  float32(
    [ROWS, WIDTH],
    Array.from({ length: ROWS * WIDTH }, (_, i) => value(i)),
  );
const kinds = int32([ROWS], [2, 0, 1]);
const smashed = (value: (i: number) => number): Message<'smashed'> => ({
  type: 'smashed',
  step: 1,
  tensors: [filled(value)],
  labels: [kinds],
});
const sound = smashed((i) => Math.sin(1.7 * i));
/** Weights of a top whose cut gradient overflows: of the norm gamma, beta, mean, variance and their start share, then the dense layer's. */
const steep = [
  float32([WIDTH], Array<number>(WIDTH).fill(1e10)),
  float32([WIDTH], Array<number>(WIDTH).fill(0)),
  float32([WIDTH], Array<number>(WIDTH).fill(0)),
  float32([WIDTH], Array<number>(WIDTH).fill(1)),
  float32([], [1]),
  float32(
    [WIDTH, 3],
    Array.from({ length: 15 }, (_, i) => (i % 3 === 0 ? 1e36 : -1e36) * (i + 1)),
  ),
  float32([3], [0, 0, 0]),
];

/** Everything in these has a finite loss. */
const poisons: Record<string, { norm: boolean; step: Message<'smashed'>; says: RegExp; weights?: NdArray[] }> = {
  'a variance that overflows': { norm: true, step: smashed((i) => (i % 2 ? 1e30 : -1e30)), says: /moving average/ },
  'a cut gradient that overflows': { norm: true, step: smashed(() => 0.3), says: /cut gradient/, weights: steep },
  'a weight gradient whose square overflows': {
    norm: false,
    step: smashed((i) => (i % 2 ? 1e25 : -1e25)),
    says: /weights' gradient/,
  },
};

async function laneOf(engine: Engine, task: Task, weights?: NdArray[]): Promise<Lane> {
  const lane = await openLane({ task, cut: await buildSegments(task, SEED), held: [1], engine, seed: SEED });
  if (weights) await lane.setWeights([weights]);
  return lane;
}

/** What the step would have left in a segment, and handed to the client, if nobody had looked. */
async function unchecked(engine: Engine, task: Task, { tensors, labels }: Message<'smashed'>, weights?: NdArray[]) {
  const { specs, weights: first } = await buildSegments(task, SEED);
  const [, spec] = specs;
  if (!spec) throw new Error('the model has no top');
  const own = weights ?? first[1] ?? [];
  const optimizer = optimizerOf(task, 1);
  const segment = await engine.segment({ spec, weights: own, optimizer, loss: task.loss, seed: SEED, stream: 0 });
  const { loss = NaN } = await segment.forward({ inputs: tensors, labels }, 0);
  const cutGradient = await segment.backward();
  await segment.update();
  const state = await segment.state();
  segment.dispose();
  return { loss, isSound: cutGradient.every((array) => firstNonFinite(array) < 0) && isFiniteState(state) };
}

function isFiniteState({ weights, optimizer }: SegmentState): boolean {
  const slots = optimizer.slots.flat().map((data) => float32([data.length], data));
  return [...weights, ...slots].every((array) => firstNonFinite(array) < 0);
}

describe.each(['tfjs', 'onnx'])('poison with a finite loss, on %s', (name) => {
  it.each(Object.entries(poisons))('%s: is refused, and the lane is as before', async (_, poison) => {
    const { norm, step, says, weights } = poison;
    const [engine, task] = [await chooseEngine(name), taskWith(norm)];
    const lane = await laneOf(engine, task, weights);
    try {
      const before = await lane.snapshot();
      await expect(askLane(lane, step)).rejects.toMatchObject({
        code: 'BAD_VALUE',
        step: 1,
        message: expect.stringMatching(says) as unknown,
      });
      expect(await lane.snapshot()).toEqual(before);
    } finally {
      lane.dispose();
    }
  });

  it('changes no bit of the steps after it', async () => {
    const [engine, task] = [await chooseEngine(name), taskWith(true)];
    const [clean, attacked] = [await laneOf(engine, task), await laneOf(engine, task)];
    try {
      for (let step = 0; step < 3; step++) {
        await expect(askLane(attacked, poisons['a variance that overflows']!.step)).rejects.toThrow();
        for (const lane of [clean, attacked]) {
          await askLane(lane, sound);
        }
      }
      expect(await attacked.snapshot()).toEqual(await clean.snapshot());
    } finally {
      [clean, attacked].forEach((lane) => lane.dispose());
    }
  });

  it.each([
    ['1e12', 1e12],
    ['-3e13', -3e13],
  ])('a step of %s whose update nobody could go on from is taken back', async (_, size) => {
    const [engine, task] = [await chooseEngine(name), { ...taskWith(false), optimizer: sgd(0.1) }];
    const lane = await laneOf(engine, task);
    try {
      const before = await lane.snapshot();
      const step = smashed((i) => size * Math.sin(i + 1));
      await expect(askLane(lane, step)).rejects.toMatchObject({ code: 'BAD_VALUE', step: 1 });
      expect(await lane.snapshot()).toEqual(before);
      await askLane(lane, sound);
    } finally {
      lane.dispose();
    }
  });

  // The control: without the checks of a lane, these do harm, and a sound step does none.
  it.each(Object.entries(poisons))('%s: would have done harm', async (_, { norm, step, weights }) => {
    const [engine, task] = [await chooseEngine(name), taskWith(norm)];
    const harm = await unchecked(engine, task, step, weights);
    expect(harm.loss).toBeLessThan(Infinity);
    expect(harm.isSound).toBe(false);
    expect((await unchecked(engine, task, sound)).isSound).toBe(true);
  });

  it('undoes a step that came in above some segments, in these only', async () => {
    const deep: Task = {
      ...tinyTask,
      cut: 'hidden,norm',
      model: () =>
        tf.sequential({
          layers: [
            tf.layers.dense({ name: 'hidden', units: 5, inputShape: [4] }),
            tf.layers.batchNormalization({ name: 'norm' }),
            tf.layers.batchNormalization({ name: 'second' }),
            tf.layers.dense({ name: 'logits', units: 3 }),
          ],
        }),
    };
    const lane = await openLane({
      task: deep,
      cut: await buildSegments(deep, SEED),
      held: [1, 2],
      engine: await chooseEngine(name),
      seed: SEED,
    });
    try {
      await askLane(lane, sound);
      const before = await lane.snapshot();
      await expect(
        askLane(
          lane,
          smashed((i) => (i % 2 ? 1e30 : -1e30)),
          { entry: 1 },
        ),
      ).rejects.toMatchObject({ code: 'BAD_VALUE' });
      expect(await lane.snapshot()).toEqual(before);
    } finally {
      lane.dispose();
    }
  });
});
