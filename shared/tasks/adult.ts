import * as tf from '@tensorflow/tfjs';
import type { Column, TableSchema } from '../data/table.js';
import { tableWidth } from '../data/table.js';
import { adam, scheduled } from '../engine/optimizer.js';
import { cosineDecay } from '../engine/learning-rate.js';
import { defineTask, type Task } from '../task.js';

const number = (name: string, mean: number, deviation: number): Column => ({ name, kind: 'number', mean, deviation });
const category = (name: string, values: string): Column => ({ name, kind: 'category', values: values.split(' ') });

/** The files of UCI Adult; means and deviations are those of the 32,561 training rows. `?` has an input of its own. */
export const adultTable: TableSchema = {
  header: false,
  missing: [],
  // The test file begins with a remark.
  comment: '|',
  columns: [
    number('age', 38.5816, 13.6402),
    category(
      'workclass',
      '? Federal-gov Local-gov Never-worked Private Self-emp-inc Self-emp-not-inc State-gov Without-pay',
    ),
    number('fnlwgt', 189778, 105549),
    category(
      'education',
      '10th 11th 12th 1st-4th 5th-6th 7th-8th 9th Assoc-acdm Assoc-voc Bachelors Doctorate HS-grad Masters Preschool ' +
        'Prof-school Some-college',
    ),
    number('education-num', 10.0807, 2.57268),
    category(
      'marital-status',
      'Divorced Married-AF-spouse Married-civ-spouse Married-spouse-absent Never-married Separated Widowed',
    ),
    category(
      'occupation',
      '? Adm-clerical Armed-Forces Craft-repair Exec-managerial Farming-fishing Handlers-cleaners Machine-op-inspct ' +
        'Other-service Priv-house-serv Prof-specialty Protective-serv Sales Tech-support Transport-moving',
    ),
    category('relationship', 'Husband Not-in-family Other-relative Own-child Unmarried Wife'),
    category('race', 'Amer-Indian-Eskimo Asian-Pac-Islander Black Other White'),
    category('sex', 'Female Male'),
    number('capital-gain', 1077.65, 7385.18),
    number('capital-loss', 87.3038, 402.954),
    number('hours-per-week', 40.4375, 12.3472),
    category(
      'native-country',
      '? Cambodia Canada China Columbia Cuba Dominican-Republic Ecuador El-Salvador England France Germany Greece ' +
        'Guatemala Haiti Holand-Netherlands Honduras Hong Hungary India Iran Ireland Italy Jamaica Japan Laos Mexico ' +
        'Nicaragua Outlying-US(Guam-USVI-etc) Peru Philippines Poland Portugal Puerto-Rico Scotland South Taiwan ' +
        'Thailand Trinadad&Tobago United-States Vietnam Yugoslavia',
    ),
    // Labels of the test file end with a full stop.
    {
      name: 'income',
      kind: 'label',
      classes: [
        ['<=50K', '<=50K.'],
        ['>50K', '>50K.'],
      ],
    },
  ],
};

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
