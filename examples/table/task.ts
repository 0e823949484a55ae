import * as tf from '@tensorflow/tfjs';
import { adam, defineTask } from 'tandem/shared';
import { width } from './data.js';

const { dense } = tf.layers;

/** Does a person of the UCI Adult table earn more than 50,000 dollars a year? One logit, yes above 0. */
export default defineTask({
  name: 'table',
  model: () =>
    tf.sequential({
      name: 'income',
      layers: [
        dense({ name: 'hidden1', units: 32, activation: 'relu', inputShape: [width] }),
        dense({ name: 'hidden2', units: 16, activation: 'relu' }),
        dense({ name: 'logit', units: 1 }),
      ],
    }),
  cut: 'hidden1',
  loss: 'sigmoidCrossEntropy',
  optimizer: adam(0.002),
  labels: [{ name: 'income', dtype: 'int32', shape: [], min: 0, max: 1 }],
  metrics: ['accuracy'],
  batch: 128,
  epochs: 1,
});
