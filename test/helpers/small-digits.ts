import * as tf from '@tensorflow/tfjs';
import { adam } from '../../shared/engine/optimizer.js';
import { defineTask } from '../../shared/task.js';
import { mnistMlp } from '../../shared/tasks/mnist.js';

const { flatten, dense } = tf.layers;

/** The `mnist-mlp` of a test that is about the run: the same layers, a tenth as wide, which learn as fast. */
export const smallDigits = defineTask({
  ...mnistMlp,
  name: 'small digits',
  optimizer: adam(0.006),
  model: () =>
    tf.sequential({
      name: 'small-digits',
      layers: [
        flatten({ name: 'flatten', inputShape: [28, 28, 1] }),
        dense({ name: 'hidden1', units: 24, activation: 'relu' }),
        dense({ name: 'hidden2', units: 13, activation: 'relu' }),
        dense({ name: 'logits', units: 10 }),
      ],
    }),
});
