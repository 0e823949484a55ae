import * as tf from '#tfjs';
import { adam } from '../engine/optimizer.js';
import { defineTask, type Task } from '../task.js';

/** Handwritten digits (LeCun et al., 1998): 60,000 to train on, 10,000 to test, 28 x 28 grey pixels. */
const digits = {
  loss: 'softmaxCrossEntropy',
  optimizer: adam(0.001),
  labels: [{ name: 'digit', dtype: 'int32', shape: [], min: 0, max: 9 }],
  metrics: ['accuracy', 'confusionMatrix'],
  data: 'mnist',
  batch: 64,
  epochs: 2,
} as const;

const { conv2d, maxPooling2d, flatten, dense, dropout, batchNormalization, reLU, add, globalAveragePooling2d } =
  tf.layers;
const image: [number, number, number] = [28, 28, 1];

/** A LeNet-like network, cut after its first convolution and pooling: the client's part has 156 weights. */
export const mnist: Task = defineTask({
  ...digits,
  name: 'mnist',
  cut: 'pool1',
  cuts: { 'u-shaped': 'pool1,dense2', 'multi-hop': 'pool1,dense2' },
  model: () =>
    tf.sequential({
      name: 'lenet',
      layers: [
        conv2d({ name: 'conv1', filters: 6, kernelSize: 5, padding: 'same', activation: 'relu', inputShape: image }),
        maxPooling2d({ name: 'pool1', poolSize: 2 }),
        conv2d({ name: 'conv2', filters: 16, kernelSize: 5, activation: 'relu' }),
        maxPooling2d({ name: 'pool2', poolSize: 2 }),
        flatten({ name: 'flatten' }),
        dense({ name: 'dense1', units: 120, activation: 'relu' }),
        dense({ name: 'dense2', units: 84, activation: 'relu' }),
        dense({ name: 'logits', units: 10 }),
      ],
    }),
});

/** A multi-layer perceptron, cut after its first hidden layer. */
export const mnistMlp: Task = defineTask({
  ...digits,
  name: 'mnist-mlp',
  cut: 'hidden1',
  cuts: { 'u-shaped': 'hidden1,hidden2', 'multi-hop': 'hidden1,hidden2' },
  model: () =>
    tf.sequential({
      name: 'mlp',
      layers: [
        flatten({ name: 'flatten', inputShape: image }),
        dense({ name: 'hidden1', units: 256, activation: 'relu' }),
        dense({ name: 'hidden2', units: 128, activation: 'relu' }),
        dense({ name: 'logits', units: 10 }),
      ],
    }),
});

/** A residual network cut inside its block: the skip connection crosses the cut as a second tensor (He et al., 2015). */
export const mnistResidual: Task = defineTask({
  ...digits,
  name: 'mnist-residual',
  cut: 'conv2',
  cuts: { 'u-shaped': 'conv2,flatten', 'multi-hop': 'conv2,flatten' },
  model: () => {
    const input = tf.input({ shape: image, name: 'image' });
    const wide = { filters: 8, kernelSize: 3, padding: 'same' } as const;
    const stem = conv2d({ ...wide, name: 'conv1', strides: 2, activation: 'relu' }).apply(input);
    const inner = conv2d({ ...wide, name: 'conv2', activation: 'relu' }).apply(stem);
    const outer = conv2d({ ...wide, name: 'conv3' }).apply(inner);
    const sum = add({ name: 'add' }).apply([stem as tf.SymbolicTensor, outer as tf.SymbolicTensor]);
    const active = reLU({ name: 'relu' }).apply(sum);
    const pooled = maxPooling2d({ name: 'pool', poolSize: 2 }).apply(active);
    const flat = flatten({ name: 'flatten' }).apply(pooled);
    const output = dense({ name: 'logits', units: 10 }).apply(flat);
    return tf.model({ name: 'residual', inputs: input, outputs: output as tf.SymbolicTensor });
  },
});

/** Batch normalisation and dropout on both sides of the cut. */
export const mnistNorm: Task = defineTask({
  ...digits,
  name: 'mnist-norm',
  cut: 'drop1',
  cuts: { 'u-shaped': 'drop1,average', 'multi-hop': 'drop1,average' },
  model: () =>
    tf.sequential({
      name: 'norm',
      layers: [
        conv2d({ name: 'conv1', filters: 8, kernelSize: 3, strides: 2, useBias: false, inputShape: image }),
        batchNormalization({ name: 'norm1' }),
        reLU({ name: 'relu1' }),
        dropout({ name: 'drop1', rate: 0.1 }),
        conv2d({ name: 'conv2', filters: 16, kernelSize: 3, strides: 2, useBias: false }),
        batchNormalization({ name: 'norm2' }),
        reLU({ name: 'relu2' }),
        globalAveragePooling2d({ name: 'average' }),
        dropout({ name: 'drop2', rate: 0.2 }),
        dense({ name: 'logits', units: 10 }),
      ],
    }),
});
