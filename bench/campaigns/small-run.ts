import * as tf from '@tensorflow/tfjs';
import { arrayDataset, type ClientData } from '../../shared/data/dataset.js';
import { adam } from '../../shared/engine/optimizer.js';
import { float32, int32 } from '../../shared/ndarray.js';
import { createRng } from '../../shared/rng.js';
import { defineTask } from '../../shared/task.js';

const [FEATURES, CLASSES, SAMPLES] = [5, 3, 70];

/** A task whose steps take a moment, for campaigns that are about messages. */
export const smallTask = defineTask({
  name: 'small',
  cut: 'hidden',
  loss: 'softmaxCrossEntropy',
  optimizer: adam(0.01),
  labels: [{ name: 'kind', dtype: 'int32', shape: [], min: 0, max: CLASSES - 1 }],
  metrics: ['accuracy'],
  batch: 7,
  epochs: 100,
  model: () =>
    tf.sequential({
      name: 'small',
      layers: [
        tf.layers.dense({ name: 'hidden', units: 6, activation: 'tanh', inputShape: [FEATURES] }),
        tf.layers.dense({ name: 'logits', units: CLASSES }),
      ],
    }),
});

export function smallData(): ClientData {
  const rng = createRng('small');
  const values = Float32Array.from({ length: SAMPLES * FEATURES }, () => rng.normal());
  const kinds = Int32Array.from({ length: SAMPLES }, (_, i) => i % CLASSES);
  return { train: arrayDataset([float32([SAMPLES, FEATURES], values)], [int32([SAMPLES], kinds)]) };
}
