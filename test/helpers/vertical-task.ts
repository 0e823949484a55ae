import * as tf from '@tensorflow/tfjs';
import { arrayDataset, type ClientData, type Dataset } from '../../shared/data/dataset.js';
import { adam } from '../../shared/engine/optimizer.js';
import { verticalCut, verticalModel, type Fusion } from '../../shared/model/vertical-model.js';
import { float32, int32 } from '../../shared/ndarray.js';
import { createRng } from '../../shared/rng.js';
import { defineTask, type Task } from '../../shared/task.js';

const WIDTHS = [3, 5, 2];
const CLASSES = 3;

/** Three parties with 3, 5 and 2 features, dropout and batch normalisation in their bottoms; four values each at the cut. */
export function verticalTask(fusion: Fusion = 'concat'): Task {
  const cut = verticalCut(WIDTHS.length);
  return defineTask({
    name: 'tiny-vertical',
    cut,
    cuts: { 'vertical-u-shaped': `${cut},hidden` },
    loss: 'softmaxCrossEntropy',
    optimizer: adam(0.02),
    labels: [{ name: 'kind', dtype: 'int32', shape: [], min: 0, max: CLASSES - 1 }],
    metrics: ['accuracy'],
    batch: 7,
    epochs: 2,
    model: () =>
      verticalModel({
        inputs: WIDTHS,
        fusion,
        bottom: (party, input) => {
          const wide = tf.layers.dense({ name: `wide${party}`, units: 6, activation: 'tanh' }).apply(input);
          const normal = tf.layers.batchNormalization({ name: `norm${party}` }).apply(wide);
          const dropped = tf.layers.dropout({ name: `drop${party}`, rate: 0.2 }).apply(normal);
          return tf.layers.dense({ name: `narrow${party}`, units: 4 }).apply(dropped) as tf.SymbolicTensor;
        },
        top: (fused) => {
          const hidden = tf.layers.dense({ name: 'hidden', units: 5, activation: 'relu' }).apply(fused);
          const dropped = tf.layers.dropout({ name: 'drop', rate: 0.1 }).apply(hidden);
          return tf.layers.dense({ name: 'logits', units: CLASSES }).apply(dropped) as tf.SymbolicTensor;
        },
      }),
  });
}

/** Samples around one made-up centre a class, an input a party. */
export function verticalData(samples = 45, seed = 5, testSamples = 17): ClientData {
  return { train: part(samples, seed), test: part(testSamples, seed + 1) };
}

/** Rows of the same kind that nobody has labels of. */
export function rowsToPredict(rows: number, seed = 5): Dataset {
  const { size, ...labelled } = part(rows, seed + 2);
  return {
    ...labelled,
    size,
    label: () => NaN,
    batch: async (wanted) => ({ ...(await labelled.batch(wanted)), labels: [] }),
  };
}

function part(samples: number, seed: number): Dataset {
  const rng = createRng('vertical', seed);
  const kinds = Array.from({ length: samples }, () => rng.int(CLASSES));
  const inputs = WIDTHS.map((width, party) => {
    const values = kinds.flatMap((kind) =>
      Array.from({ length: width }, (_, i) => Math.sin(2.3 * kind + 1.7 * i + party) + 0.35 * rng.normal()),
    );
    return float32([samples, width], values);
  });
  return arrayDataset(inputs, [int32([samples], kinds)]);
}
