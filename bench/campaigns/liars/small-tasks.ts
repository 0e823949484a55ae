import * as tf from '@tensorflow/tfjs';
import { arrayDataset, type ClientData, type Dataset } from '../../../shared/data/dataset.js';
import { sgd } from '../../../shared/engine/optimizer.js';
import { verticalCut, verticalModel } from '../../../shared/model/vertical-model.js';
import { float32, int32 } from '../../../shared/ndarray.js';
import { createRng } from '../../../shared/rng.js';
import { defineTask } from '../../../shared/task.js';

const [FEATURES, CLASSES] = [4, 3];
/** Of each party of a vertical run; the last one has the labels. */
const WIDTHS = [2, 1, 1];
const shared = {
  loss: 'softmaxCrossEntropy',
  labels: [{ name: 'kind', dtype: 'int32', shape: [], min: 0, max: CLASSES - 1 }],
  metrics: ['accuracy', 'macroF1'],
  batch: 7,
  epochs: 2,
} as const;

/** Nothing in it bounds a value: what is too large in a bottom is too large everywhere. */
export const rowsTask = defineTask({
  ...shared,
  name: 'rows',
  cut: 'hidden',
  cuts: { 'u-shaped': 'low,hidden', 'multi-hop': 'low,hidden' },
  optimizer: sgd(0.05),
  model: () =>
    tf.sequential({
      name: 'rows',
      layers: [
        tf.layers.dense({ name: 'low', units: 4, activation: 'relu', inputShape: [FEATURES] }),
        tf.layers.dense({ name: 'hidden', units: 5, activation: 'relu' }),
        tf.layers.dense({ name: 'logits', units: CLASSES }),
      ],
    }),
});

const cut = verticalCut(WIDTHS.length);

export const partiesTask = defineTask({
  ...shared,
  name: 'parties',
  cut,
  cuts: { 'vertical-u-shaped': `${cut},hidden` },
  optimizer: sgd(0.05),
  model: () =>
    verticalModel({
      inputs: WIDTHS,
      fusion: 'concat',
      bottom: (party, input) => tf.layers.dense({ name: `own${party}`, units: 3 }).apply(input) as tf.SymbolicTensor,
      top: (fused) => {
        const hidden = tf.layers.dense({ name: 'hidden', units: 4, activation: 'relu' }).apply(fused);
        return tf.layers.dense({ name: 'logits', units: CLASSES }).apply(hidden) as tf.SymbolicTensor;
      },
    }),
});

/** Samples around one made-up centre a class: `widths` are those of the inputs. */
export function smallData(seed: string, samples: number, testSamples: number, widths = [FEATURES]): ClientData {
  const part = (size: number, name: string): Dataset => {
    const rng = createRng(seed, name);
    const kinds = Int32Array.from({ length: size }, () => rng.int(CLASSES));
    const inputs = widths.map((width, at) => {
      const value = (i: number) => Math.sin(2.3 * (kinds[Math.floor(i / width)] ?? 0) + 1.7 * (i % width) + at);
      return float32(
        [size, width],
        Float32Array.from({ length: size * width }, (_, i) => value(i) + 0.3 * rng.normal()),
      );
    });
    return arrayDataset(inputs, [int32([size], kinds)]);
  };
  return { train: part(samples, 'train'), test: part(testSamples, 'test') };
}

export const partiesWidths = WIDTHS;
