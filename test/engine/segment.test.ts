import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { arrayDataset, type Dataset } from '../../shared/data/dataset.js';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import type { Engine, Segment } from '../../shared/engine/engine.js';
import { adam, adamw, momentum, rmsprop, sgd } from '../../shared/engine/optimizer.js';
import { buildSegments } from '../../shared/model/build.js';
import { hashWeights } from '../../shared/model/weights.js';
import { float32, identical, int32, type NdArray } from '../../shared/ndarray.js';
import { createRng } from '../../shared/rng.js';
import { cutsOf, type Task } from '../../shared/task.js';
import { builtInTasks, findTask } from '../../shared/tasks/find-task.js';
import { madeUpDigits } from '../helpers/digits.js';

const { train } = madeUpDigits(120);
let engine: Engine;
beforeAll(async () => {
  engine = await chooseEngine('tfjs');
});

async function openSegments(task: Task, optimizer = adam(0.002), seed = 5): Promise<Segment[]> {
  const { specs, weights } = await buildSegments(task, seed, cutsOf(task));
  return Promise.all(
    specs.map((spec, i) =>
      engine.segment({
        spec,
        weights: weights[i] ?? [],
        optimizer,
        seed,
        stream: 0,
        ...(i === specs.length - 1 ? { loss: task.loss } : {}),
      }),
    ),
  );
}

/** Rows of a table as wide as the segment takes, in as many inputs as it has, with two classes. */
function madeUpRows({ spec }: Segment): Dataset {
  const rng = createRng('rows', 5);
  const inputs = spec.inputs.map(({ shape: [width = 1] }) =>
    float32(
      [train.size, width ?? 1],
      Array.from({ length: train.size * (width ?? 1) }, () => rng.normal()),
    ),
  );
  const labels = Array.from({ length: train.size }, () => rng.int(2));
  return arrayDataset(inputs, [int32([train.size], labels)]);
}

async function trainStep(segments: readonly Segment[], step: number, data = train): Promise<number> {
  const rows = Array.from({ length: 23 }, (_, i) => (step * 23 + i) % data.size);
  const { inputs, labels } = await data.batch(rows);
  let tensors = inputs;
  let loss: number | undefined;
  for (const [i, segment] of segments.entries()) {
    const last = i === segments.length - 1;
    ({ outputs: tensors, loss } = await segment.forward(
      last ? { inputs: tensors, labels } : { inputs: tensors },
      step,
    ));
  }
  let gradient: NdArray[] | undefined;
  for (const segment of [...segments].reverse()) {
    gradient = await segment.backward(gradient);
    await segment.update();
  }
  return loss ?? NaN;
}

async function hashOf(segments: readonly Segment[]): Promise<string> {
  return hashWeights((await Promise.all(segments.map((segment) => segment.weights()))).flat());
}

describe('a segment', () => {
  it.each([...builtInTasks.keys()])('of %s keeps the number of tensors flat over 24 steps', async (name) => {
    const segments = await openSegments(findTask(name));
    const [bottom] = segments;
    const data = bottom?.spec.inputs[0]?.shape.length === 1 ? madeUpRows(bottom) : train;
    await trainStep(segments, 0, data);
    const before = tf.memory().numTensors;
    for (let step = 1; step <= 24; step++) await trainStep(segments, step, data);
    expect(tf.memory().numTensors).toBe(before);
    segments.forEach((segment) => segment.dispose());
  });

  it('frees everything it made', async () => {
    const before = tf.memory().numTensors;
    const segments = await openSegments(findTask('mnist-norm'));
    await trainStep(segments, 0);
    const { inputs } = await train.batch([3, 5]);
    await segments[0]?.forward({ inputs }, 1);
    segments.forEach((segment) => segment.dispose());
    expect(tf.memory().numTensors).toBe(before);
  });

  it.each([sgd(0.1), momentum(0.05), adam(0.003), adamw(0.003), rmsprop(0.001)])(
    'learns with $kind and goes on bit for bit from its state',
    async (optimizer) => {
      const first = await openSegments(findTask('mnist-norm'), optimizer);
      const losses: number[] = [];
      for (let step = 0; step < 6; step++) losses.push(await trainStep(first, step));
      const states = await Promise.all(first.map((segment) => segment.state()));
      const second = await openSegments(findTask('mnist-norm'), optimizer, 6);
      for (const [i, segment] of second.entries())
        await segment.restore(states[i] ?? { weights: [], optimizer: { updates: 0, slots: [] } });
      // The random source is named by the run's seed, so a copy of another seed draws other dropout masks.
      expect(await hashOf(second)).toBe(await hashOf(first));
      const third = await openSegments(findTask('mnist-norm'), optimizer);
      for (const [i, segment] of third.entries())
        await segment.restore(states[i] ?? { weights: [], optimizer: { updates: 0, slots: [] } });
      for (let step = 6; step < 12; step++) {
        losses.push(await trainStep(first, step));
        await trainStep(third, step);
      }
      expect(await hashOf(third)).toBe(await hashOf(first));
      expect(Math.min(...losses.slice(-3))).toBeLessThan(losses[0] ?? 0);
      [...first, ...second, ...third].forEach((segment) => segment.dispose());
    },
  );

  it('gives the same numbers for the same seed and others for another', async () => {
    const hashes: string[] = [];
    for (const seed of [5, 5, 6]) {
      const segments = await openSegments(findTask('mnist-norm'), sgd(0.1), seed);
      for (let step = 0; step < 3; step++) await trainStep(segments, step);
      hashes.push(await hashOf(segments));
      segments.forEach((segment) => segment.dispose());
    }
    expect(hashes[0]).toBe(hashes[1]);
    expect(hashes[2]).not.toBe(hashes[0]);
  });

  it('applies dropout in training only, and differently each step', async () => {
    const [bottom] = await openSegments(findTask('mnist-norm'));
    const { inputs } = await train.batch([1, 2, 3]);
    const zeros = async (step: number) => {
      const { outputs } = (await bottom?.forward({ inputs }, step)) ?? { outputs: [] };
      return Array.from(outputs[0]?.data ?? [], (value, i) => (value === 0 ? i : -1)).filter((i) => i >= 0);
    };
    const [third, again, fourth] = [await zeros(3), await zeros(3), await zeros(4)];
    expect(third).toEqual(again);
    expect(third).not.toEqual(fourth);
    const quiet = await Promise.all([bottom?.predict({ inputs }), bottom?.predict({ inputs })]);
    const [a, b] = quiet.map((result) => result?.outputs[0]);
    expect(a && b && identical(a, b)).toBe(true);
    bottom?.dispose();
  });

  it('adds its own penalties to the objective', async () => {
    const { dense } = tf.layers;
    const kernelRegularizer = tf.regularizers.l2({ l2: 0.37 });
    const task: Task = {
      ...findTask('mnist-mlp'),
      cut: 'a',
      loss: 'meanSquaredError',
      metrics: ['meanAbsoluteError'],
      model: () =>
        tf.sequential({
          layers: [dense({ name: 'a', units: 2, inputShape: [3], kernelRegularizer }), dense({ name: 'b', units: 1 })],
        }),
    };
    const segments = await openSegments(task, sgd(0.5));
    const [bottom, top] = segments;
    const before = (await bottom?.weights())?.[0]?.data ?? [];
    await bottom?.forward({ inputs: [float32([1, 3], [0, 0, 0])] }, 0);
    // No input and no gradient from above: only the penalty, 2 * 0.37 * w, is left.
    await bottom?.backward([float32([1, 2], [0, 0])]);
    await bottom?.update();
    const after = (await bottom?.weights())?.[0]?.data ?? [];
    before.forEach((weight, i) => expect(after[i]).toBeCloseTo(weight - 0.5 * 2 * 0.37 * weight, 6));
    top?.dispose();
    bottom?.dispose();
  });

  it('refuses backward without forward and update without backward', async () => {
    const [bottom] = await openSegments(findTask('mnist-mlp'));
    await expect(bottom?.backward([])).rejects.toMatchObject({ code: 'BAD_STATE' });
    await expect(bottom?.update()).rejects.toMatchObject({ code: 'BAD_STATE' });
    await expect(bottom?.gradients()).rejects.toMatchObject({ code: 'BAD_STATE' });
    bottom?.dispose();
  });
});
