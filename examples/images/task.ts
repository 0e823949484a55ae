import * as tf from '@tensorflow/tfjs';
import { adam, defineTask, momentum } from 'tandem/shared';

const { conv2d, dense, dropout, flatten, maxPooling2d } = tf.layers;

/** Digits, with a model and a cut of our own: the client holds one convolution, the server all the rest. */
export default defineTask({
  name: 'images',
  model: () =>
    tf.sequential({
      name: 'small',
      layers: [
        conv2d({ name: 'stem', filters: 8, kernelSize: 3, strides: 2, activation: 'relu', inputShape: [28, 28, 1] }),
        conv2d({ name: 'wide', filters: 16, kernelSize: 3, activation: 'relu' }),
        maxPooling2d({ name: 'pool', poolSize: 2 }),
        flatten({ name: 'flatten' }),
        dropout({ name: 'drop', rate: 0.2 }),
        dense({ name: 'logits', units: 10 }),
      ],
    }),
  cut: 'stem',
  loss: 'softmaxCrossEntropy',
  // From the bottom up: each part has an optimizer of its own.
  optimizer: [momentum(0.05), adam(0.002)],
  labels: [{ name: 'digit', dtype: 'int32', shape: [], min: 0, max: 9 }],
  metrics: ['accuracy'],
  data: 'mnist',
});
