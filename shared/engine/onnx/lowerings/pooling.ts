import { sizeOf } from '../../../ndarray.js';
import type { Tracer } from '../trace/tracer.js';
import type { Value } from '../trace/value.js';
import { elementwise } from './elementwise.js';
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
  const outputs = [{ shape, dtype: 'float32' } as const, { shape, dtype: 'int64' } as const];
  const attributes = windowAttributes(geometry);
  const [pooled, positions] = trace.nodeWithOutputs('MaxPool', [image], outputs, { attributes }) as [Value, Value];
  const result = toNhwc(trace, pooled);
  positionsOf.set(result, positions);
  return result;
}

function maxPoolGradient(trace: Tracer, dy: Value, x: Value, pooled: Value, attrs: PoolAttributes): Value {
  const geometry = poolGeometry(four(x.shape), attrs.filterSize, attrs);
  const positions = positionsOf.get(pooled) ?? positionsOf.get(maxPool(trace, x, attrs));
  const image = toNchw(trace, x).shape;
  const gradient = toNchw(trace, dy);
  const size = sizeOf(image);
  const flat = (value: Value | undefined) => value && trace.reshape(value, [sizeOf(value.shape)]);
  if (!overlaps(geometry) && geometry.pad.every((n) => n === 0)) {
    const { kernel_shape, strides } = windowAttributes(geometry);
    const inputs = [gradient, positions, trace.integers(image)];
    const output = { shape: image, dtype: 'float32' } as const;
    return toNhwc(trace, trace.node('MaxUnpool', inputs, output, { attributes: { kernel_shape, strides } }));
  }
  // Windows that overlap can share a maximum: its gradients add up.
  const empty = trace.spread(trace.scalar(0), [size]);
  const sum = trace.node(
    'ScatterElements',
    [empty, flat(positions), flat(gradient)],
    { shape: [size], dtype: 'float32' },
    { attributes: { axis: 0, reduction: overlaps(geometry) ? 'add' : 'none' } },
  );
  return toNhwc(trace, trace.reshape(sum, image));
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
