import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Engine, SegmentOptions } from '../../shared/engine/engine.js';
import { createOnnxEngine } from '../../shared/engine/onnx/onnx-engine.js';
import { cosineDecay, exponentialDecay, stepDecay } from '../../shared/engine/learning-rate.js';
import { adam, adamw, momentum, rmsprop, scheduled, sgd } from '../../shared/engine/optimizer.js';
import { createTfjsEngine } from '../../shared/engine/tfjs/tfjs-engine.js';
import { identical, type NdArray } from '../../shared/ndarray.js';
import { createRng } from '../../shared/rng.js';
import { wholeSuite } from '../helpers/whole-suite.js';
import { engineCases, lossCases, type EngineCase } from './engine-cases.js';
import {
  dense,
  largestDifference,
  optionsFor,
  randomArray,
  reference,
  stepInside,
  trainInside,
  trainWithLoss,
  type Trail,
} from './engine-harness.js';

const SEED = 20_011;
const TOLERANCE = 1e-4;

const notices: string[] = [];
const onNotice = (text: string) => notices.push(text);
/** Layers and losses of this file cannot be sent to another thread. */
const STAYS = /computes in the main thread: (.*Unknown layer|a loss of your own)/;
const onThreadNotice = (text: string) => STAYS.test(text) || onNotice(text);

interface Contender {
  readonly name: string;
  /** The tfjs backend that is current while it runs. */
  readonly backend: string;
  readonly create: () => Promise<Engine>;
  /** Which of the cases, where not all. */
  readonly cases?: readonly EngineCase[];
}

const engines: readonly Contender[] = [
  { name: 'tfjs', backend: 'wasm', create: createTfjsEngine },
  { name: 'onnx native', backend: 'cpu', create: () => createOnnxEngine({ runtime: 'native', onNotice }) },
  { name: 'onnx wasm', backend: 'cpu', create: () => createOnnxEngine({ runtime: 'wasm', onNotice }) },
  {
    name: 'onnx native in threads',
    backend: 'cpu',
    create: () => createOnnxEngine({ runtime: 'native', workers: 'always', onNotice: onThreadNotice }),
    // The thread compiles what this one compiles; what differs is the way there. Each thread takes a while to start.
    cases: engineCases.filter((_, i) => i % (wholeSuite ? 6 : 18) === 0),
  },
];

const optimizers = {
  sgd: sgd(0.07),
  momentum: momentum(0.03, 0.7),
  nesterov: momentum(0.03, 0.7, true),
  adam: adam(0.013, { beta1: 0.8, beta2: 0.97, epsilon: 1e-5 }),
  adamw: adamw(0.013, { weightDecay: 0.17 }),
  rmsprop: rmsprop(0.011, { decay: 0.83, momentum: 0.3, epsilon: 1e-5 }),
  'sgd, decaying': scheduled(sgd(0.07), stepDecay(2, 0.3)),
  'nesterov, warmed up': scheduled(momentum(0.03, 0.7, true), exponentialDecay(3, 0.5, { warmup: 2 })),
  'adamw, cosine': scheduled(adamw(0.013, { weightDecay: 0.17 }), cosineDecay(5, { final: 0.2 })),
  'sgd, proximal': { ...sgd(0.07), proximal: 0.9 },
  'adam, proximal': { ...adam(0.013), proximal: 0.3 },
  'rmsprop, cosine': scheduled(rmsprop(0.011), cosineDecay(2, { warmup: 1 })),
};

/** What tfjs's cpu backend answers, computed once for all engines. */
const answers = new Map<string, Trail>();

async function expected(key: string, oracle: string, run: (engine: Engine) => Promise<Trail>): Promise<Trail> {
  const known = answers.get(key);
  if (known) return known;
  await tf.setBackend(oracle);
  const trail = await run(reference);
  answers.set(key, trail);
  return trail;
}

describe.each(engines)('$name', ({ backend, create, cases = engineCases }) => {
  let engine: Engine;

  beforeAll(async () => {
    engine = await create();
  });

  afterEach(() => {
    expect(notices.splice(0), 'nothing falls back').toEqual([]);
  });

  async function compare(key: string, run: (engine: Engine) => Promise<Trail>, oracle = 'cpu'): Promise<void> {
    const right = await expected(key, oracle, run);
    await tf.setBackend(backend);
    const { difference, at } = largestDifference(await run(engine), right);
    expect(difference, `${at}, seed ${SEED}`).toBeLessThanOrEqual(TOLERANCE);
  }

  test.each(cases)('trains like tfjs cpu: $name', async (testCase) => {
    const options = optionsFor(testCase, SEED);
    await compare(testCase.name, (each) => trainInside(each, options, testCase.vocabulary), testCase.oracle);
  });

  test.each(lossCases)('loss: $name', async (lossCase) => {
    const options = { ...optionsFor(dense(lossCase.units), SEED), loss: lossCase.loss };
    await compare(`loss ${lossCase.name}`, (each) => trainWithLoss(each, options, lossCase));
  });

  test.each(Object.entries(optimizers))('optimizer: %s', async (name, optimizer) => {
    const options = optionsFor(dense(3), SEED, optimizer);
    await compare(`optimizer ${name}`, (each) => trainInside(each, options));
  });

  test('takes a last, smaller batch', async () => {
    const options = optionsFor(dense(3), SEED);
    await compare('smaller batch', (each) => trainInside(each, options, undefined, [7, 7, 7, 2, 7]));
  });

  test('repeats itself bit for bit', async () => {
    await tf.setBackend(backend);
    const options = dropoutOptions();
    const [first, second] = [await trainInside(engine, options), await trainInside(engine, options)];
    expect(differing(first, second), `seed ${SEED}`).toEqual([]);
  });

  test('goes on bit for bit from a saved state', async () => {
    await tf.setBackend(backend);
    const options = dropoutOptions();
    const original = await engine.segment(options);
    for (let step = 0; step < 3; step++) await stepInside(original, options, step, 3, new Map());
    const copy = await engine.segment(options);
    await copy.restore(structuredClone(await original.state()));
    const trails: [Trail, Trail] = [new Map<string, NdArray>(), new Map<string, NdArray>()];
    for (let step = 3; step < 6; step++) {
      await stepInside(original, options, step, 3, trails[0]);
      await stepInside(copy, options, step, 3, trails[1]);
    }
    expect(differing(...trails), `seed ${SEED}`).toEqual([]);
    const ends = [await original.state(), await copy.state()];
    expect(ends[1]).toEqual(ends[0]);
    [original, copy].forEach((segment) => segment.dispose());
  });

  test('tells the norms of gradients and of moving averages', async () => {
    await tf.setBackend(backend);
    const options = dropoutOptions();
    const segment = await engine.segment(options);
    await segment.forward({ inputs: [randomArray(createRng('norms', SEED), [7, 5])] }, 0);
    await segment.backward([randomArray(createRng('from above', SEED), [7, 3])]);
    const averages = (await segment.weights()).filter((_, i) => !options.spec.weights[i]?.trainable);
    const length = (arrays: readonly NdArray[]) => Math.hypot(...arrays.flatMap(({ data }) => [...data]));
    const { norms, expected } = {
      norms: await segment.norms(),
      expected: { gradients: length(await segment.gradients()), averages: length(averages) },
    };
    expect(norms.gradients).toBeCloseTo(expected.gradients, 9);
    expect(norms.averages).toBeCloseTo(expected.averages, 9);
    expect(Math.min(norms.gradients, norms.averages)).toBeGreaterThan(0);
    segment.dispose();
  });

  test('keeps no tensors from step to step', async () => {
    await tf.setBackend(backend);
    const options = dropoutOptions();
    const before = tf.memory().numTensors;
    const segment = await engine.segment(options);
    for (let step = 0; step < 3; step++) await stepInside(segment, options, step, 3, new Map());
    const counted = tf.memory().numTensors;
    for (let step = 3; step < 24; step++) await stepInside(segment, options, step, 3, new Map());
    expect(tf.memory().numTensors).toBe(counted);
    segment.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  test('refuses steps out of order', async () => {
    await tf.setBackend(backend);
    const segment = await engine.segment(optionsFor(dense(3), SEED));
    const refusal = expect.objectContaining({ code: 'BAD_STATE' }) as unknown;
    await expect(segment.backward()).rejects.toEqual(refusal);
    await expect(segment.update()).rejects.toEqual(refusal);
    await expect(segment.gradients()).rejects.toEqual(refusal);
    await expect(segment.norms()).rejects.toEqual(refusal);
    segment.dispose();
  });
});

function dropoutOptions(): SegmentOptions {
  const model = () =>
    tf.sequential({
      layers: [
        tf.layers.dense({ units: 6, inputShape: [5] }),
        tf.layers.batchNormalization(),
        tf.layers.dropout({ rate: 0.3 }),
        tf.layers.dense({ units: 3 }),
      ],
    });
  return optionsFor({ model }, SEED, scheduled(adam(0.01), cosineDecay(4, { final: 0.3, warmup: 2 })));
}

/** The names of arrays that do not agree bit for bit. */
function differing(left: Trail, right: Trail): string[] {
  return [...left.keys()].filter((name) => {
    const [a, b] = [left.get(name), right.get(name)];
    return !(a && b && identical(a, b));
  });
}
