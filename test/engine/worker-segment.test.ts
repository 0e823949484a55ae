import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Engine, Segment, SegmentOptions } from '../../shared/engine/engine.js';
import { MovingSegment } from '../../shared/engine/onnx/moving-segment.js';
import { createOnnxEngine } from '../../shared/engine/onnx/onnx-engine.js';
import { loadRuntime, type OnnxRuntime } from '../../shared/engine/onnx/runtime.js';
import { WorkerSegment } from '../../shared/engine/onnx/worker-segment.js';
import { adam } from '../../shared/engine/optimizer.js';
import type { LossFunction } from '../../shared/model/loss.js';
import { float32 } from '../../shared/ndarray.js';
import { optionsFor, stepInside, type Trail } from '../conformance/engine-harness.js';

const SEED = 31_019;

const { dense, batchNormalization, dropout, conv2d, flatten } = tf.layers;

/** All that a segment remembers: moving averages, masks drawn by step, Adam's moments and its count. */
const remembering = optionsFor(
  {
    model: () =>
      tf.sequential({
        layers: [
          dense({ units: 6, inputShape: [5] }),
          batchNormalization(),
          dropout({ rate: 0.3 }),
          dense({ units: 3 }),
        ],
      }),
  },
  SEED,
  adam(0.01),
);

/** Steps of well over ten milliseconds. */
const heavy = optionsFor(
  {
    model: () =>
      tf.sequential({
        layers: [
          conv2d({ filters: 32, kernelSize: 5, inputShape: [28, 28, 8] }),
          conv2d({ filters: 32, kernelSize: 5 }),
          flatten(),
          dense({ units: 3 }),
        ],
      }),
  },
  SEED,
);
const heavyBatch = { inputs: [float32([64, 28, 28, 8], new Float32Array(64 * 28 * 28 * 8).fill(0.3))] };

const notices: string[] = [];
const onNotice = (text: string) => notices.push(text);
const reports = { notice: onNotice, compiled: () => undefined };

let runtime: OnnxRuntime;
let here: Engine;
let elsewhere: Engine;

beforeAll(async () => {
  runtime = await loadRuntime({ kind: 'native' });
  here = await createOnnxEngine({ runtime: 'native', workers: 'never' });
  elsewhere = await createOnnxEngine({ runtime: 'native', workers: 'always', onNotice });
});

/** Trains until `enough`, then once more, and answers all that was seen. */
async function train(segment: Segment, options: SegmentOptions, enough: (step: number) => boolean): Promise<Trail[]> {
  const trails: Trail[] = [];
  for (let step = 0, last = false; !last; step++) {
    last = enough(step);
    const trail: Trail = new Map();
    await stepInside(segment, options, step, 3, trail);
    trails.push(trail);
    // The new thread's first message comes between steps.
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return trails;
}

describe('the bits of the result', () => {
  test('are the same in a thread', async () => {
    const segments = await Promise.all([here.segment(remembering), elsewhere.segment(remembering)]);
    expect(segments[1]).toBeInstanceOf(WorkerSegment);
    const trails = await Promise.all(segments.map((segment) => train(segment, remembering, (step) => step === 20)));
    expect(trails[1]).toEqual(trails[0]);
    const states = await Promise.all(segments.map((segment) => segment.state()));
    expect(states[1]).toEqual(states[0]);
    segments.forEach((segment) => segment.dispose());
  });

  test('are the same when the segment moves in the middle', async () => {
    const moving = await MovingSegment.create(runtime, remembering, reports, 0);
    expect(moving.moved).toBe(false);
    let movedAt = Infinity;
    const found = await train(moving, remembering, (step) => {
      if (moving.moved) movedAt = Math.min(movedAt, step);
      return step > movedAt + 5;
    });
    const staying = await here.segment(remembering);
    const expected = await train(staying, remembering, (step) => step === found.length - 1);
    expect(movedAt).toBeGreaterThan(5);
    expect(found).toEqual(expected);
    expect(await moving.state()).toEqual(await staying.state());
    [moving, staying].forEach((segment) => segment.dispose());
  });
});

test('a segment with light steps stays', async () => {
  const segment = await MovingSegment.create(runtime, remembering, reports, 1e6);
  await train(segment, remembering, (step) => step === 30);
  expect(segment.moved).toBe(false);
  segment.dispose();
});

describe('the event loop', () => {
  test('goes on while a step computes', async () => {
    const segment = await elsewhere.segment(heavy);
    await segment.forward(heavyBatch, 0);
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    await segment.backward([float32([64, 3], new Float32Array(64 * 3).fill(0.1))]);
    clearInterval(timer);
    segment.dispose();
    expect(ticks).toBeGreaterThan(2);
  });

  test('hears of several segments that compute at once', async () => {
    const segments = await Promise.all([elsewhere.segment(heavy), elsewhere.segment(heavy)]);
    const results = await Promise.all(segments.map((segment) => segment.forward(heavyBatch, 0)));
    expect(results[1]).toEqual(results[0]);
    segments.forEach((segment) => segment.dispose());
  });
});

describe('what cannot cross', () => {
  class OnlyHere extends tf.layers.Layer {
    static className = 'TestOnlyHere';
  }
  tf.serialization.registerClass(OnlyHere);
  const input = () => tf.input({ shape: [5] });
  const ownLayer = () => {
    const inputs = input();
    return tf.model({ inputs, outputs: new OnlyHere({}).apply(inputs) as tf.SymbolicTensor });
  };

  test.each([
    ['a layer that only this thread knows', optionsFor({ model: ownLayer }, SEED), 'Unknown layer: TestOnlyHere'],
    ['a loss of the user', { ...remembering, loss: () => tf.scalar(0) }, 'a loss of your own'],
  ])('keeps the segment here: %s', async (_, options, why) => {
    notices.length = 0;
    const segment = await elsewhere.segment(options);
    expect(segment).not.toBeInstanceOf(WorkerSegment);
    expect(notices).toEqual([expect.stringContaining(why)]);
    segment.dispose();
  });
});

test('layers and a loss of a task file are in the thread too, and compute the same', async () => {
  const source = new URL('../helpers/own-task.js', import.meta.url).href;
  const task = (await import(source)) as { model: () => tf.LayersModel; default: { loss: LossFunction } };
  const options = { ...optionsFor(task, SEED, adam(0.01)), loss: task.default.loss, source };
  const batch = {
    inputs: [float32([2, 5], [0.3, -1.7, 2.5, 0.9, -0.4, 1.1, 0.7, -2.3, 0.2, 1.9])],
    labels: [float32([2, 3], [1.5, -0.5, 2.5, -1.25, 0.75, 3.5])],
  };
  const segments = await Promise.all([here.segment(options), elsewhere.segment(options)]);
  expect(segments[1]).toBeInstanceOf(WorkerSegment);
  const states = segments.map(async (segment) => {
    const { loss } = await segment.forward(batch, 0);
    await segment.backward();
    await segment.update();
    return { loss, state: await segment.state() };
  });
  const [local, there] = await Promise.all(states);
  expect(there).toEqual(local);
  expect(local?.loss).toBeGreaterThan(1);
  segments.forEach((segment) => segment.dispose());
});

describe('failure', () => {
  test('travels as it was thrown', async () => {
    const segment = await elsewhere.segment(remembering);
    const [there, local] = await Promise.all(
      [segment, await here.segment(remembering)].map((each) => each.backward().catch((error: unknown) => error)),
    );
    expect(there).toEqual(local);
    expect(there).toMatchObject({ name: 'TandemError', code: 'BAD_STATE', action: 'call forward' });
    await expect(segment.setWeights([])).rejects.toMatchObject({ code: 'BAD_SHAPE' });
    segment.dispose();
  });

  test.each([
    [
      'throws',
      "import { parentPort } from 'node:worker_threads'; parentPort.on('message', () => { throw Error('odd') })",
    ],
    ['ends', "import { parentPort } from 'node:worker_threads'; parentPort.on('message', () => process.exit(3))"],
    ['does not load', 'import "file:///nowhere.js"'],
  ])('of the thread fails the calls that wait: it %s', async (_, code) => {
    const entry = new URL(`data:text/javascript,${encodeURIComponent(code)}`);
    await expect(WorkerSegment.start('native', remembering, reports, { entry })).rejects.toMatchObject({
      name: 'TandemError',
      code: 'INTERNAL',
    });
  });
});

describe('the end', () => {
  test('answers the calls that wait and refuses later ones', async () => {
    const segment = await elsewhere.segment(remembering);
    const weights = segment.weights();
    segment.dispose();
    expect(await weights).toHaveLength(remembering.weights.length);
    await expect(segment.weights()).rejects.toMatchObject({ code: 'BAD_STATE' });
  });

  test.each(['segment.dispose();', ''])('lets the process end by itself: %j', async (last) => {
    const module = new URL('../../dist/shared/engine/choose-engine.js', import.meta.url).href;
    const program = `
      const { chooseEngine } = await import('${module}');
      const engine = await chooseEngine('onnx', { workers: 'always' });
      const weights = ${weightsAsCode()};
      const segment = await engine.segment({ ...${JSON.stringify({ ...remembering, weights: [] })}, weights });
      console.log(segment.constructor.name);
      ${last}`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program]);
    expect(stdout.trim()).toBe('WorkerSegment');
  });
});

function weightsAsCode(): string {
  const arrays = remembering.weights.map(
    ({ shape, data }) => `{dtype:'float32',shape:${JSON.stringify(shape)},data:Float32Array.of(${[...data].join()})}`,
  );
  return `[${arrays.join()}]`;
}
