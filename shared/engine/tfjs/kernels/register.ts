import * as tf from '#tfjs';
import {
  depthwiseFilterGradient,
  depthwiseInputGradient,
  filterGradient,
  geometry,
  inputGradient,
  type Padding,
} from './convolution.js';
import { einsum, einsumGradient } from './einsum.js';
import { fromCpu } from './from-cpu.js';
import { maxPoolGradient, type PoolAttributes } from './max-pool-gradient.js';

type Inputs = Record<string, tf.Tensor>;
type Shape4 = [number, number, number, number];

interface ConvAttributes {
  readonly strides: number | [number, number];
  readonly pad: Padding;
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
  readonly filterShape: Shape4;
  readonly inputShape: Shape4;
}

/** Kernels that training needs and tfjs's wasm backend lacks, gets wrong (max pooling) or runs slowly (dX of convolution). */
const kernels: Record<string, (inputs: Inputs, attrs: ConvAttributes) => tf.Tensor> = {
  Conv2DBackpropFilter: ({ x, dy }, attrs) =>
    filterGradient(image(x), image(dy), attrs.filterShape, geometry(image(x).shape, attrs.filterShape, attrs)),
  Conv2DBackpropInput: ({ dy, filter }, attrs) =>
    inputGradient(image(dy), image(filter), attrs.inputShape, geometry(attrs.inputShape, image(filter).shape, attrs)),
  DepthwiseConv2dNativeBackpropFilter: ({ x, dy }, attrs) =>
    depthwiseFilterGradient(
      image(x),
      image(dy),
      attrs.filterShape,
      geometry(image(x).shape, attrs.filterShape, attrs, true),
    ),
  DepthwiseConv2dNativeBackpropInput: ({ dy, filter }, attrs) =>
    depthwiseInputGradient(
      image(dy),
      image(filter),
      attrs.inputShape,
      geometry(attrs.inputShape, image(filter).shape, attrs, true),
    ),
  // ScatterNd adds where an index repeats, which is a segment sum.
  UnsortedSegmentSum: ({ x, segmentIds }, attrs) => {
    const values = x as tf.Tensor;
    const { numSegments } = attrs as unknown as { numSegments: number };
    const ids = (segmentIds as tf.Tensor).reshape<tf.Tensor2D>([-1, 1]);
    return tf.scatterND(ids, values, [numSegments, ...values.shape.slice(1)]);
  },
  MaxPoolGrad: ({ dy, input }, attrs) =>
    maxPoolGradient(dy as tf.Tensor, input as tf.Tensor, attrs as unknown as PoolAttributes),
  MaxPool3DGrad: ({ dy, input }, attrs) =>
    maxPoolGradient(dy as tf.Tensor, input as tf.Tensor, attrs as unknown as PoolAttributes),
  Einsum: (inputs, attrs) => einsum((attrs as unknown as { equation: string }).equation, Object.values(inputs)),
};

/**
 * The wasm matrix product is fast only for plain operands; a transposed one, which every dense layer's gradient has, is
 * transposed first (784x256 from a batch of 64: 23 ms before, under 2 ms after).
 */
function registerTransposingMatMul(): void {
  const original = tf.getKernel('BatchMatMul', 'wasm');
  if (!original) return;
  const turn = (matrix: tf.Tensor, turned: boolean) => (turned ? tf.transpose(matrix, swapLast(matrix.rank)) : matrix);
  tf.unregisterKernel('BatchMatMul', 'wasm');
  tf.registerKernel({
    ...original,
    kernelFunc: (call) => {
      const { a, b } = call.inputs as { a: tf.Tensor; b: tf.Tensor };
      const { transposeA, transposeB } = call.attrs as { transposeA: boolean; transposeB: boolean };
      const [left, right] = [turn(a, transposeA), turn(b, transposeB)];
      const attrs = { transposeA: false, transposeB: false };
      const product = original.kernelFunc({ ...call, inputs: { a: left, b: right }, attrs });
      if (transposeA) left.dispose();
      if (transposeB) right.dispose();
      return product;
    },
  });
}

/** Those of wasm are wrong: with strides or uneven windows, and maxima at the edges of what is padded. */
const WRONG = ['Conv3DBackpropInputV2', 'Conv3DBackpropFilterV2', 'MaxPool3D'];

function registerFromCpu(): void {
  for (const kernelName of WRONG) {
    const kernelFunc = fromCpu(kernelName);
    if (!kernelFunc) continue;
    if (tf.getKernel(kernelName, 'wasm')) tf.unregisterKernel(kernelName, 'wasm');
    tf.registerKernel({ kernelName, backendName: 'wasm', kernelFunc });
  }
}

let registered = false;

/** Adds the kernels to the wasm backend, once. NCHW convolutions are transposed by tfjs before they come here. */
export function registerMissingKernels(): void {
  if (registered) return;
  registered = true;
  registerTransposingMatMul();
  registerFromCpu();
  for (const [kernelName, run] of Object.entries(kernels)) {
    if (tf.getKernel(kernelName, 'wasm')) tf.unregisterKernel(kernelName, 'wasm');
    tf.registerKernel({
      kernelName,
      backendName: 'wasm',
      kernelFunc: ({ inputs, attrs }) => tf.tidy(() => run(inputs as Inputs, attrs as unknown as ConvAttributes)),
    });
  }
}

function image(tensor: tf.Tensor | undefined): tf.Tensor4D {
  return tensor as tf.Tensor4D;
}

/** tfjs can compute an einsum but not train through it, on any backend. */
export function registerEinsumGradient(): void {
  if (tf.getGradient('Einsum')) return;
  tf.registerGradient({
    kernelName: 'Einsum',
    saveAllInputs: true,
    gradFunc: (gradient, operands, attrs) => {
      const { equation } = attrs as unknown as { equation: string };
      const one = (index: number) => () => einsumGradient(equation, operands, index, gradient as tf.Tensor);
      return Object.fromEntries(operands.map((_, index) => [index, one(index)]));
    },
  });
}

/** The axes of a tensor with the last two exchanged. */
function swapLast(rank: number): number[] {
  const axes = Array.from({ length: rank }, (_, axis) => axis);
  return [...axes.slice(0, -2), rank - 1, rank - 2];
}
