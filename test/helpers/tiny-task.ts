import * as tf from '@tensorflow/tfjs';
import { arrayDataset, type ClientData, type Dataset } from '../../shared/data/dataset.js';
import { adam } from '../../shared/engine/optimizer.js';
import { float32, int32 } from '../../shared/ndarray.js';
import { createRng } from '../../shared/rng.js';
import { defineTask } from '../../shared/task.js';

const FEATURES = 4;
const CLASSES = 3;

/** A run that takes a moment: 40 weights below the cut after `hidden`, five values a sample at it, 18 above. */
export const tinyTask = defineTask({
  name: 'tiny',
  cut: 'hidden',
  cuts: { 'u-shaped': 'wide,hidden', 'multi-hop': 'wide,hidden' },
  loss: 'softmaxCrossEntropy',
  optimizer: adam(0.03),
  labels: [{ name: 'kind', dtype: 'int32', shape: [], min: 0, max: CLASSES - 1 }],
  metrics: ['accuracy'],
  batch: 7,
  epochs: 2,
  model: () =>
    tf.sequential({
      name: 'tiny',
      layers: [
        tf.layers.dense({ name: 'wide', units: 3, activation: 'tanh', inputShape: [FEATURES] }),
        tf.layers.dense({ name: 'hidden', units: 5, activation: 'relu' }),
        tf.layers.dense({ name: 'logits', units: CLASSES }),
      ],
    }),
});

/** The same with batch normalisation on both sides of the cut, whose averages a forward pass moves. */
export const normTask = defineTask({
  ...tinyTask,
  name: 'tiny norm',
  model: () =>
    tf.sequential({
      name: 'tiny-norm',
      layers: [
        tf.layers.dense({ name: 'wide', units: 3, activation: 'tanh', inputShape: [FEATURES] }),
        tf.layers.batchNormalization({ name: 'below', momentum: 0.7 }),
        tf.layers.dense({ name: 'hidden', units: 5, activation: 'relu' }),
        tf.layers.batchNormalization({ name: 'above', momentum: 0.6 }),
        tf.layers.dense({ name: 'logits', units: CLASSES }),
      ],
    }),
});

/** Samples around one made-up centre a class, the same for the same seed. */
export function tinyData(samples = 41, seed = 3, testSamples = 13): ClientData {
  return { train: part(samples, seed), test: part(testSamples, seed + 1) };
}

/** A run of the task in one process: three clients on tfjs. */
export function tinyRun() {
  return {
    ...{ task: tinyTask, data: tinyData(), clients: 3, seed: 11 },
    ...({ engine: 'tfjs', transport: 'loopback' } as const),
  };
}

function part(samples: number, seed: number): Dataset {
  const rng = createRng('tiny', seed);
  const kinds = Array.from({ length: samples }, () => rng.int(CLASSES));
  const values = kinds.flatMap((kind) =>
    Array.from({ length: FEATURES }, (_, i) => Math.sin(2.3 * kind + 1.7 * i) + 0.35 * rng.normal()),
  );
  return arrayDataset([float32([samples, FEATURES], values)], [int32([samples], kinds)]);
}
