import * as tf from '#tfjs';
import { tableWidth } from '../data/table.js';
import { adam, scheduled } from '../engine/optimizer.js';
import { cosineDecay } from '../engine/learning-rate.js';
import { defineTask, type Task } from '../task.js';
import { adultTable } from './adult-table.js';

const { dense } = tf.layers;

/**
 * Does a person earn more than 50,000 dollars a year? Census data (Becker and Kohavi, 1996): 32,561 rows to train on,
 * 16,281 to test. One logit, yes above 0.
 */
export const adult: Task = defineTask({
  name: 'adult',
  cut: 'hidden1',
  cuts: { 'u-shaped': 'hidden1,hidden2', 'multi-hop': 'hidden1,hidden2' },
  loss: 'sigmoidCrossEntropy',
  optimizer: scheduled(adam(0.003), cosineDecay(1500, { final: 0.05, warmup: 20 })),
  labels: [{ name: 'income', dtype: 'int32', shape: [], min: 0, max: 1 }],
  metrics: ['accuracy', 'auc', 'precision', 'recall', 'f1', 'confusionMatrix'],
  data: 'adult',
  table: adultTable,
  batch: 128,
  epochs: 5,
  model: () =>
    tf.sequential({
      name: 'income',
      layers: [
        dense({ name: 'hidden1', units: 32, activation: 'relu', inputShape: [tableWidth(adultTable)] }),
        dense({ name: 'hidden2', units: 16, activation: 'relu' }),
        dense({ name: 'logit', units: 1 }),
      ],
    }),
});
