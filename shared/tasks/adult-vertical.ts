import * as tf from '#tfjs';
import { columnPlaces } from '../data/table.js';
import { verticalCut, verticalModel } from '../model/vertical-model.js';
import { defineTask, type Task } from '../task.js';
import { adult } from './adult.js';
import { adultTable } from './adult-table.js';

/** Who may know what of a person: a registry office, an employer, a bank. Whether the income is high, a fourth party knows. */
const parties: readonly (readonly string[])[] = [
  ['age', 'marital-status', 'relationship', 'race', 'sex', 'native-country'],
  ['workclass', 'education', 'education-num', 'occupation', 'hours-per-week'],
  ['fnlwgt', 'capital-gain', 'capital-loss'],
];

const { dense } = tf.layers;
const widths = parties.map((columns) => columns.flatMap((name) => columnPlaces(adultTable, name)).length);
const cut = verticalCut(parties.length);

/** The task `adult` with its columns held by three parties, whose smashed data stand side by side above the cut. */
export const adultVertical: Task = defineTask({
  ...adult,
  name: 'adult-vertical',
  cut,
  cuts: { 'vertical-u-shaped': `${cut},hidden2`, 'u-shaped': `${cut},hidden2` },
  parties,
  model: () =>
    verticalModel({
      name: 'income',
      inputs: widths,
      bottom: (party, input) => {
        const hidden = dense({ name: `hidden1_${party}`, units: party === 2 ? 8 : 16, activation: 'relu' });
        return hidden.apply(input) as tf.SymbolicTensor;
      },
      fusion: 'concat',
      top: (fused) => {
        const hidden = dense({ name: 'hidden2', units: 16, activation: 'relu' }).apply(fused);
        return dense({ name: 'logit', units: 1 }).apply(hidden) as tf.SymbolicTensor;
      },
    }),
});
