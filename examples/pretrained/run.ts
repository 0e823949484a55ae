import * as tf from '@tensorflow/tfjs';
import { loadMnist } from 'tandem/client';
import { arrayDataset, limited, type ClientData, type Dataset } from 'tandem/shared';
import { simulate } from 'tandem/simulator';
import task from './task.js';

/** Few pictures of one's own: here 40 digits, of which two clients learn whether they are even or odd. */
const { train, test = train } = await loadMnist();
const data: ClientData = { train: await evenOrOdd(limited(train, 40)), test: await evenOrOdd(limited(test, 1000)) };
const run = { data, clients: 2, epochs: 30 };

const pretrained = await simulate({ ...run, task });
console.log(`on a pretrained bottom: accuracy ${percent(pretrained.summary.testAccuracy)} %`);
const scratch = await simulate({ ...run, task: { ...task, name: 'scratch', model: untrained } });
console.log(`from the beginning: accuracy ${percent(scratch.summary.testAccuracy)} %`);

/** The same network with other weights, all of which learn. */
async function untrained(): Promise<tf.LayersModel> {
  const model = await task.model();
  const drawn = tf.initializers.heUniform({ seed: 7 });
  model.setWeights(model.getWeights().map((w) => (w.rank > 1 ? drawn.apply(w.shape) : tf.zerosLike(w))));
  for (const layer of model.layers) layer.trainable = true;
  return model;
}

async function evenOrOdd(digits: Dataset): Promise<Dataset> {
  const { inputs, labels } = await digits.batch([...Array(digits.size).keys()]);
  const own = labels.map((label) => ({ ...label, data: label.data.map((digit) => digit % 2) as Int32Array }));
  return arrayDataset(inputs, own);
}

function percent(share: number | null | undefined): string {
  return (100 * (share ?? 0)).toFixed(1);
}
