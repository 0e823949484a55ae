import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import type { Engine, Segment } from '../../shared/engine/engine.js';
import { constant, cosineDecay, exponentialDecay, stepDecay } from '../../shared/engine/learning-rate.js';
import { adam, adamw, momentum, rmsprop, scheduled, sgd, type OptimizerSpec } from '../../shared/engine/optimizer.js';
import { findTask } from '../../shared/tasks/find-task.js';
import { verify } from '../../simulator/verify.js';
import { arrayDataset, limited, type Dataset } from '../../shared/data/dataset.js';
import { float32, int32 } from '../../shared/ndarray.js';
import { codecRegistry } from '../../shared/wire/codec-registry.js';
import type { Codec } from '../../shared/wire/codec.js';
import type { CodecChoice } from '../../shared/wire/codecs-of.js';
import { oddTask } from '../helpers/odd-models.js';
import { madeUpDigits } from '../helpers/digits.js';
import { tinyData, tinyTask } from '../helpers/tiny-task.js';

const { train: dataset } = madeUpDigits(110);
let engine: Engine;
beforeAll(async () => {
  engine = await chooseEngine('tfjs');
});

const optimizers: OptimizerSpec[] = [
  sgd(0.07),
  momentum(0.013, 0.8, true),
  adam(0.003),
  rmsprop(0.0017, { momentum: 0.3 }),
];

function run(name: string, optimizer: OptimizerSpec, cut?: string, steps = 9, through: Engine = engine) {
  const task = { ...findTask(name), optimizer, ...(cut === undefined ? {} : { cut }) };
  // 110 samples in batches of 13: every ninth batch is smaller.
  return verify({ task, dataset, engine: through, steps, batch: 13, seed: 13 });
}

describe('the divided model against the undivided one', () => {
  it.each([
    ['mnist-mlp', 'hidden1'],
    ['mnist', 'pool1'],
    ['mnist', 'pool1,dense1'],
    ['mnist-residual', 'conv2'],
    ['mnist-residual', 'conv2,conv3'],
    ['mnist-norm', 'drop1'],
    ['mnist-norm', 'norm1,conv2,drop2'],
  ])('%s cut at %s is the same bit for bit with every optimizer', async (name, cut) => {
    for (const optimizer of optimizers) {
      const result = await run(name, optimizer, cut);
      expect(result, optimizer.kind).toMatchObject({ identical: true, maxAbsWeightDiff: 0, maxAbsGradientDiff: 0 });
      expect(result.segments).toBe(cut.split(',').length + 1);
    }
  });

  it.each([
    constant({ warmup: 5 }),
    stepDecay(3, 0.4),
    exponentialDecay(7, 0.2),
    cosineDecay(6, { final: 0.1, warmup: 2 }),
  ])('is the same bit for bit with every optimizer whose rate goes by $kind', async (schedule) => {
    for (const optimizer of optimizers) {
      const task = { ...tinyTask, optimizer: scheduled(optimizer, schedule) };
      const result = await verify({ task, dataset: tinyData(55).train, engine, steps: 9, batch: 7, seed: 13 });
      expect(result, optimizer.kind).toMatchObject({ identical: true, maxAbsWeightDiff: 0 });
    }
  });

  it('has no samples to compare with, or others than a client would take, and says so', async () => {
    const task = findTask('mnist-mlp');
    const compare = (other: Dataset) => verify({ task, dataset: other, engine, steps: 2, batch: 5, seed: 1 });
    await expect(compare(limited(dataset, 0))).rejects.toMatchObject({ code: 'BAD_DATA', message: /no samples/ });
    const labels = int32([2], [3, 10]);
    const outside = arrayDataset([float32([2, 28, 28, 1], new Array<number>(2 * 28 * 28).fill(0))], [labels]);
    await expect(compare(outside)).rejects.toMatchObject({ code: 'BAD_LABEL', message: /is 10, allowed are 0 to 9/ });
  });

  it.each([1.5, 0.25])('refuses the token %d, which a lookup would round', async (token) => {
    const { embedding, flatten, dense } = tf.layers;
    const task = oddTask('flat', () =>
      tf.sequential({
        layers: [
          embedding({ name: 'words', inputDim: 5, outputDim: 3, inputLength: 2 }),
          flatten({ name: 'flat' }),
          dense({ name: 'logits', units: 3 }),
        ],
      }),
    );
    const words = arrayDataset([float32([2, 2], [0, 4, token, 2])], [int32([2], [0, 1])]);
    const compared = verify({ task, dataset: words, engine, steps: 2, batch: 2, seed: 1 });
    const message = expect.stringMatching(`is ${token}, whole numbers from 0 to 4 are allowed`) as string;
    await expect(compared).rejects.toThrow(expect.objectContaining({ code: 'BAD_VALUE', message }));
  });

  it('has no AdamW in tfjs to compare with, and says so', async () => {
    await expect(run('mnist-mlp', adamw())).rejects.toMatchObject({ code: 'BAD_OPTION', message: /no AdamW/ });
  });

  it.each<[string, (segment: Segment) => Segment]>([
    ['a cut gradient that is slightly wrong', (segment) => spoil(segment, { scale: 1.0001 })],
    ['an update that is left out once', (segment) => spoil(segment, { skipUpdate: 4 })],
    ['dropout that draws the same numbers every step', (segment) => spoil(segment, { frozenStep: true })],
  ])('would notice %s', async (_bug, plant) => {
    const broken: Engine = { ...engine, segment: async (options) => plant(await engine.segment(options)) };
    const result = await run('mnist-norm', sgd(0.07), undefined, 9, broken);
    expect(result.identical).toBe(false);
    expect(result.maxAbsWeightDiff).toBeGreaterThan(0);
  });
});

interface Bug {
  readonly scale?: number;
  readonly skipUpdate?: number;
  readonly frozenStep?: boolean;
}

function spoil(segment: Segment, { scale = 1, skipUpdate = -1, frozenStep = false }: Bug): Segment {
  let updates = 0;
  return {
    spec: segment.spec,
    forward: (batch, step) => segment.forward(batch, frozenStep ? 0 : step),
    backward: (gradients) =>
      segment.backward(gradients?.map((array) => ({ ...array, data: array.data.map((value) => value * scale) }))),
    update: () => (updates++ === skipUpdate ? Promise.resolve() : segment.update()),
    gradients: () => segment.gradients(),
    norms: () => segment.norms(),
    predict: (batch) => segment.predict(batch),
    weights: () => segment.weights(),
    setWeights: (values) => segment.setWeights(values),
    state: () => segment.state(),
    restore: (state) => segment.restore(state),
    dispose: () => segment.dispose(),
  };
}

describe('codecs at the cuts', () => {
  const coded = (codecs: { codecUp?: CodecChoice; codecDown?: CodecChoice }) =>
    verify({
      task: { ...findTask('mnist'), cut: 'pool1,dense1' },
      dataset,
      engine,
      steps: 4,
      batch: 37,
      seed: 13,
      ...codecs,
    });

  it.each([
    { codecUp: 'int3+rans', codecDown: 'topk:10+int4+rans' },
    { codecUp: 'delta:5+int4', codecDown: 'bf16' },
    { codecUp: 'project:2+fp16' },
  ])('keep within what they declare: %j', async (codecs) => {
    const { wire, identical } = await coded(codecs);
    expect(identical).toBe(false);
    expect(wire?.maxAbsError).toBeGreaterThan(0);
    expect(wire?.maxShareOfBound).toBeGreaterThan(0.01);
    expect(wire?.maxShareOfBound).toBeLessThanOrEqual(1);
  });

  it('are found out where they do not, and change nothing where there are none', async () => {
    const liar: Codec = { ...codecRegistry().find('int8'), name: 'liar', errorBound: () => 1e-9 };
    expect((await coded({ codecDown: liar })).wire?.maxShareOfBound).toBeGreaterThan(1);
    const plain = await coded({ codecUp: 'fp32' });
    expect(plain.identical).toBe(true);
    expect(plain.wire).toBeUndefined();
  });
});
