import { sizeOf } from '../../../ndarray.js';
import type { Tracer } from '../trace/tracer.js';
import type { Value } from '../trace/value.js';
import { elementwise } from './elementwise.js';
import { facts } from './facts.js';
import type { Lowerings } from './lowering.js';
import { pad } from './shape.js';
import {
  four,
  poolGeometry,
  toNchw,
  toNhwc,
  windowAttributes,
  type Geometry,
  type WindowAttributes,
} from './spatial.js';

interface PoolAttributes extends WindowAttributes {
  readonly filterSize: number | [number, number];
}

/** Where each maximum of a pooled value came from: positions in the whole NCHW tensor. */
const positionsOf = new WeakMap<Value, Value>();

function maxPool(trace: Tracer, x: Value, attrs: PoolAttributes): Value {
  const geometry = poolGeometry(four(x.shape), attrs.filterSize, attrs);
  const image = toNchw(trace, x);
  const shape = [image.shape[0] ?? 1, image.shape[1] ?? 1, ...geometry.output];
  const attributes = windowAttributes(geometry);
  if (isTwoByTwo(x, geometry)) {
    const pooled = trace.node('MaxPool', [image], { shape, dtype: 'float32' }, { attributes });
    const result = toNhwc(trace, pooled);
    positionsOf.set(result, positionsInPairs(trace, image, pooled));
    return result;
  }
  const outputs = [{ shape, dtype: 'float32' } as const, { shape, dtype: 'int64' } as const];
  const [pooled, positions] = trace.nodeWithOutputs('MaxPool', [image], outputs, { attributes }) as [Value, Value];
  const result = toNhwc(trace, pooled);
  positionsOf.set(result, positions);
  return result;
}

function isTwoByTwo({ shape }: Value, { kernel, strides, pad: around }: Geometry): boolean {
  const even = (shape[1] ?? 0) % 2 === 0 && (shape[2] ?? 0) % 2 === 0;
  return even && [...kernel, ...strides].every((length) => length === 2) && around.every((n) => n === 0);
}

/**
 * The positions of the maxima of 2 x 2 windows, the first where several are equal. ONNX Runtime's own answer is about
 * ten times slower than its pooling without positions; a few poolings and comparisons tell as much.
 */
function positionsInPairs(trace: Tracer, image: Value, pooled: Value): Value {
  const [batch = 1, channels = 1, height = 1, width = 1] = image.shape;
  const [rows, columns] = [height / 2, width / 2];
  const isMaximumOf = (kernel: readonly [number, number]) => {
    const attributes = { kernel_shape: kernel, strides: [2, 2] };
    const part = trace.node('MaxPool', [image], pooled, { attributes });
    return elementwise(trace, 'Equal', [part, pooled], { dtype: 'bool' });
  };
  const inTopRow = isMaximumOf([1, 2]);
  const lower = elementwise(trace, 'And', [isMaximumOf([2, 1]), elementwise(trace, 'Not', [inTopRow])]);
  const inLeftColumn = elementwise(trace, 'Or', [isMaximumOf([1, 1]), lower]);
  // Counted back from the last pixel of each window.
  const last = Float32Array.from({ length: rows * columns }, (_, i) => {
    return (Math.floor(i / columns) * 2 + 1) * width + (i % columns) * 2 + 1;
  });
  const up = elementwise(trace, 'Mul', [trace.cast(inTopRow, 'float32'), trace.scalar(width)]);
  const fromLast = elementwise(trace, 'Sub', [trace.constant(last, [rows, columns], 'float32'), up]);
  const inPlane = elementwise(trace, 'Sub', [fromLast, trace.cast(inLeftColumn, 'float32')]);
  const planes = BigInt64Array.from({ length: batch * channels }, (_, i) => BigInt(i * height * width));
  const starts = trace.constant(planes, [batch, channels, 1, 1], 'int64');
  return elementwise(trace, 'Add', [trace.cast(inPlane, 'int64'), starts]);
}

function maxPoolGradient(trace: Tracer, dy: Value, x: Value, pooled: Value, attrs: PoolAttributes): Value {
  const geometry = poolGeometry(four(x.shape), attrs.filterSize, attrs);
  const positions = (positionsOf.get(pooled) ?? positionsOf.get(maxPool(trace, x, attrs))) as Value;
  const image = toNchw(trace, x).shape;
  const unpool = (gradient: Value): Value => {
    const result = toNhwc(trace, placeMaxima(trace, toNchw(trace, gradient), positions, image, geometry));
    facts.unpooled.set(result, { input: x, pooled, gradient, unpool });
    return result;
  };
  return unpool(dy);
}

/** Gradients put where their maxima came from. All are NCHW. */
function placeMaxima(trace: Tracer, gradient: Value, positions: Value, image: readonly number[], geometry: Geometry) {
  if (!overlaps(geometry) && geometry.pad.every((n) => n === 0)) {
    const { kernel_shape, strides } = windowAttributes(geometry);
    const inputs = [gradient, positions, trace.integers(image)];
    return trace.node(
      'MaxUnpool',
      inputs,
      { shape: image, dtype: 'float32' },
      { attributes: { kernel_shape, strides } },
    );
  }
  const size = sizeOf(image);
  const flat = (value: Value) => trace.reshape(value, [sizeOf(value.shape)]);
  const empty = trace.spread(trace.scalar(0), [size]);
  const sum = trace.node(
    'ScatterElements',
    [empty, flat(positions), flat(gradient)],
    { shape: [size], dtype: 'float32' },
    // Windows that overlap can share a maximum: its gradients add up.
    { attributes: { axis: 0, reduction: 'add' } },
  );
  return trace.reshape(sum, image);
}

function overlaps({ kernel, strides }: Geometry): boolean {
  return kernel[0] > strides[0] || kernel[1] > strides[1];
}

function averagePool(trace: Tracer, x: Value, attrs: PoolAttributes): Value {
  const { dilations: _, ...attributes } = windowAttributes(poolGeometry(four(x.shape), attrs.filterSize, attrs));
  const image = toNchw(trace, x);
  const { output } = poolGeometry(four(x.shape), attrs.filterSize, attrs);
  const shape = [image.shape[0] ?? 1, image.shape[1] ?? 1, ...output];
  return toNhwc(trace, trace.node('AveragePool', [image], { shape, dtype: 'float32' }, { attributes }));
}

/** Each image of each channel by itself: dy spread over its windows. Like tfjs, it divides by the whole window's size. */
function averagePoolGradient(trace: Tracer, dy: Value, x: Value, attrs: PoolAttributes): Value {
  const geometry = poolGeometry(four(x.shape), attrs.filterSize, attrs);
  const { kernel, strides, pad: around, output } = geometry;
  const [batch, height, width, channels] = four(x.shape);
  const scaled = elementwise(trace, 'Mul', [toNchw(trace, dy), trace.scalar(1 / (kernel[0] * kernel[1]))]);
  if (!overlaps(geometry) && kernel[0] === strides[0] && kernel[1] === strides[1] && around.every((n) => n === 0)) {
    const planes = batch * channels;
    const cells = trace.reshape(scaled, [planes, output[0], 1, output[1], 1]);
    const spread = trace.spread(cells, [planes, output[0], kernel[0], output[1], kernel[1]]);
    const [rows, columns] = [output[0] * kernel[0], output[1] * kernel[1]];
    const image = trace.reshape(spread, [batch, channels, rows, columns]);
    return toNhwc(
      trace,
      pad(
        trace,
        image,
        [
          [0, 0],
          [0, 0],
          [0, height - rows],
          [0, width - columns],
        ],
        0,
      ),
    );
  }
  const planes = trace.reshape(scaled, [batch * channels, 1, ...output]);
  const ones = trace.spread(trace.scalar(1), [1, 1, ...kernel]);
  const attributes = {
    ...windowAttributes(geometry),
    output_padding: [
      height - ((output[0] - 1) * strides[0] + kernel[0] - around[0] - around[1]),
      width - ((output[1] - 1) * strides[1] + kernel[1] - around[2] - around[3]),
    ],
  };
  const shape = [batch * channels, 1, height, width];
  const sum = trace.node('ConvTranspose', [planes, ones], { shape, dtype: 'float32' }, { attributes });
  return toNhwc(trace, trace.reshape(sum, [batch, channels, height, width]));
}

export const poolingLowerings = {
  MaxPool: (trace, { x }: { x: Value }, attrs: PoolAttributes) => maxPool(trace, x, attrs),
  MaxPoolGrad: (trace, { dy, input, output }: { dy: Value; input: Value; output: Value }, attrs: PoolAttributes) =>
    maxPoolGradient(trace, dy, input, output, attrs),
  AvgPool: (trace, { x }: { x: Value }, attrs: PoolAttributes) => averagePool(trace, x, attrs),
  AvgPoolGrad: (trace, { dy, input }: { dy: Value; input: Value }, attrs: PoolAttributes) =>
    averagePoolGradient(trace, dy, input, attrs),
} satisfies Lowerings;
