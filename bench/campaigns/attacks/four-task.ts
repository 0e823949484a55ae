import * as tf from '@tensorflow/tfjs';
import { adam } from '../../../shared/engine/optimizer.js';
import { defineTask } from '../../../shared/task.js';

/** What the attacks are made on: eight values a sample at the cut. */
export default defineTask({
  name: 'four',
  cut: 'hidden',
  loss: 'softmaxCrossEntropy',
  optimizer: adam(0.01),
  labels: [{ name: 'k', dtype: 'int32', shape: [], min: 0, max: 2 }],
  metrics: ['accuracy'],
  batch: 16,
  model: () =>
    tf.sequential({
      layers: [
        tf.layers.dense({ name: 'hidden', units: 8, activation: 'relu', inputShape: [4] }),
        tf.layers.dense({ name: 'logits', units: 3 }),
      ],
    }),
});
