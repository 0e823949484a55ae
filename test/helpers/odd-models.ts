import * as tf from '@tensorflow/tfjs';
import { arrayDataset, type Dataset } from '../../shared/data/dataset.js';
import { sgd } from '../../shared/engine/optimizer.js';
import { float32, int32, sizeOf } from '../../shared/ndarray.js';
import { createRng } from '../../shared/rng.js';
import type { Task } from '../../shared/task.js';

const L = tf.layers;

/** A task of three classes around a model. */
export function oddTask(cut: string, model: Task['model'], more: Partial<Task> = {}): Task {
  return {
    ...{ name: 'odd', cut, model, loss: 'softmaxCrossEntropy', optimizer: sgd(0.1), metrics: [], batch: 5 },
    labels: [{ name: 'kind', dtype: 'int32', shape: [], min: 0, max: 2 }],
    ...more,
  };
}

/** Rows of numbers from -1 to 1 with a class each. */
export function oddData(shape: readonly number[], rows = 17): Dataset {
  const rng = createRng('odd', shape.join());
  const values = Array.from({ length: rows * sizeOf(shape) }, () => 2 * rng.float() - 1);
  return arrayDataset(
    [float32([rows, ...shape], values)],
    [
      int32(
        [rows],
        Array.from({ length: rows }, () => rng.int(3)),
      ),
    ],
  );
}

const dense = (name: string, units: number, more = {}) => L.dense({ name, units, ...more });
const logits = () => dense('logits', 3);
const apply = (layer: tf.layers.Layer, x: unknown) => layer.apply(x as tf.SymbolicTensor) as tf.SymbolicTensor;

/** Models that were once cut wrongly, with the shape of their input and where to cut. */
export const oddModels: Readonly<Record<string, { shape: number[]; cut: string; model: () => tf.LayersModel }>> = {
  'a frozen base within a base': {
    shape: [4],
    cut: 'middle',
    model: () => {
      const inner = tf.sequential({
        name: 'inner',
        layers: [dense('i1', 5, { inputShape: [6] }), L.batchNormalization({ name: 'i2' }), dense('i3', 4)],
      });
      const base = tf.sequential({ name: 'base' });
      base.add(dense('b1', 6, { activation: 'relu', inputShape: [4] }));
      base.add(inner);
      inner.trainable = false;
      const x = tf.input({ shape: [4], name: 'x' });
      return tf.model({
        inputs: x,
        outputs: apply(logits(), apply(dense('middle', 5, { activation: 'tanh' }), apply(base, x))),
      });
    },
  },
  'a frozen layer in a base': {
    shape: [4],
    cut: 'base',
    model: () => {
      const base = tf.sequential({ name: 'base', layers: [dense('b1', 6, { inputShape: [4] }), dense('b2', 5)] });
      const [first] = base.layers;
      if (first) first.trainable = false;
      const x = tf.input({ shape: [4], name: 'x' });
      return tf.model({ inputs: x, outputs: apply(logits(), apply(base, x)) });
    },
  },
  'a frozen wrapper': {
    shape: [5, 2],
    cut: 'flat',
    model: () => {
      const wrapper = L.timeDistributed({ name: 'each', layer: dense('inside', 4), inputShape: [5, 2] });
      const model = tf.sequential({ layers: [wrapper, L.flatten({ name: 'flat' }), logits()] });
      wrapper.trainable = false;
      return model;
    },
  },
  'a bottom that is wholly frozen': {
    shape: [6],
    cut: 'second',
    model: () =>
      tf.sequential({
        layers: [
          dense('first', 5, { trainable: false, inputShape: [6] }),
          dense('second', 4, { trainable: false, activation: 'relu' }),
          logits(),
        ],
      }),
  },
  'an encoder and a decoder of grus': {
    shape: [3, 2],
    cut: 'encoder',
    model: () => {
      const x = tf.input({ shape: [3, 2], name: 'x' });
      const [seen, state] = L.gru({ name: 'encoder', units: 4, returnState: true }).apply(x) as tf.SymbolicTensor[];
      const again = apply(L.repeatVector({ name: 'again', n: 2 }), seen);
      const decoder = L.gru({ name: 'decoder', units: 4 });
      const read = decoder.apply(again, { initialState: [state] }) as tf.SymbolicTensor;
      return tf.model({ inputs: x, outputs: apply(logits(), read) });
    },
  },
  'an encoder and a decoder of lstms, both above the cut': {
    shape: [3, 2],
    cut: 'below',
    model: () => {
      const x = tf.input({ shape: [3, 2], name: 'x' });
      const [seen, h, c] = L.lstm({ name: 'encoder', units: 4, returnState: true }).apply(
        apply(dense('below', 2), x),
      ) as tf.SymbolicTensor[];
      const again = apply(L.repeatVector({ name: 'again', n: 2 }), seen);
      const read = L.lstm({ name: 'decoder', units: 4 }).apply(again, { initialState: [h, c] }) as tf.SymbolicTensor;
      return tf.model({ inputs: x, outputs: apply(logits(), read) });
    },
  },
  'a state that begins above the cut': {
    shape: [3, 2],
    cut: 'thin',
    model: () => {
      const x = tf.input({ shape: [3, 2], name: 'x' });
      const thin = apply(dense('thin', 3), x);
      const start = apply(dense('start', 4), apply(L.flatten({ name: 'flat' }), thin));
      const read = L.simpleRNN({ name: 'read', units: 4 }).apply(thin, { initialState: [start] });
      return tf.model({ inputs: x, outputs: apply(logits(), read) });
    },
  },
  'noise on both sides': {
    shape: [4],
    cut: 'first',
    model: () => {
      const noise = L.gaussianNoise({ name: 'noise', stddev: 0.3 });
      const x = tf.input({ shape: [4], name: 'x' });
      const first = apply(dense('first', 6), apply(noise, x));
      return tf.model({ inputs: x, outputs: apply(logits(), apply(noise, first)) });
    },
  },
  'dropout on three sides': {
    shape: [4],
    cut: 'first,second',
    model: () => {
      const drop = L.dropout({ name: 'drop', rate: 0.4 });
      const x = tf.input({ shape: [4], name: 'x' });
      const first = apply(dense('first', 6), apply(drop, x));
      const second = apply(dense('second', 5), apply(drop, first));
      return tf.model({ inputs: x, outputs: apply(logits(), apply(drop, second)) });
    },
  },
  'a separable convolution with a multiplier': {
    shape: [6, 6, 2],
    cut: 'separable',
    model: () =>
      tf.sequential({
        layers: [
          L.separableConv2d({
            name: 'separable',
            filters: 3,
            kernelSize: 3,
            depthMultiplier: 2,
            inputShape: [6, 6, 2],
          }),
          L.flatten({ name: 'flat' }),
          logits(),
        ],
      }),
  },
  'a convolution with holes': {
    shape: [9, 8, 2],
    cut: 'holes',
    model: () =>
      tf.sequential({
        layers: [
          L.conv2d({
            name: 'holes',
            filters: 3,
            kernelSize: [3, 2],
            dilationRate: [2, 3],
            padding: 'same',
            activation: 'tanh',
            inputShape: [9, 8, 2],
          }),
          L.conv2d({ name: 'more', filters: 2, kernelSize: 2, dilationRate: 2 }),
          L.flatten({ name: 'flat' }),
          logits(),
        ],
      }),
  },
  'a sequence through holes': {
    shape: [11, 2],
    cut: 'first',
    model: () =>
      tf.sequential({
        layers: [
          dense('first', 3, { inputShape: [11, 2] }),
          L.conv1d({ name: 'holes', filters: 4, kernelSize: 3, dilationRate: 3, useBias: false }),
          L.flatten({ name: 'flat' }),
          logits(),
        ],
      }),
  },
  'normalisation without centre or scale': {
    shape: [4],
    cut: 'norm1',
    model: () =>
      tf.sequential({
        layers: [
          dense('first', 5, { inputShape: [4] }),
          L.batchNormalization({ name: 'norm1', center: false }),
          dense('second', 5),
          L.batchNormalization({ name: 'norm2', scale: false, center: false }),
          logits(),
        ],
      }),
  },
  'a threshold': {
    shape: [4],
    cut: 'first',
    model: () =>
      tf.sequential({
        layers: [dense('first', 7, { inputShape: [4] }), L.thresholdedReLU({ name: 'above', theta: 0.2 }), logits()],
      }),
  },
};
