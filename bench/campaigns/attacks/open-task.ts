import * as tf from '@tensorflow/tfjs';
import { adam } from '../../../shared/engine/optimizer.js';
import { defineTask } from '../../../shared/task.js';

/** A task whose smashed data may have any length. */
export default defineTask({
  name: 'open',
  cut: 'hidden',
  loss: 'softmaxCrossEntropy',
  optimizer: adam(0.01),
  labels: [{ name: 'k', dtype: 'int32', shape: [], min: 0, max: 2 }],
  metrics: ['accuracy'],
  batch: 16,
  model: () =>
    tf.sequential({
      layers: [
        tf.layers.conv1d({ name: 'hidden', filters: 8, kernelSize: 1, activation: 'relu', inputShape: [null, 4] }),
        tf.layers.conv1d({ name: 'wide', filters: 8, kernelSize: 3, padding: 'same', activation: 'relu' }),
        tf.layers.globalAveragePooling1d({ name: 'pool' }),
        tf.layers.dense({ name: 'logits', units: 3 }),
      ],
    }),
});
