import * as tf from '#tfjs';

/** Convolution gradients written with the convolutions the wasm backend has. All tensors are NHWC, filters HWIO. */

export interface Geometry {
  readonly strides: readonly [number, number];
  /** Zeros around the input: top, bottom, left, right. */
  readonly pad: readonly [number, number, number, number];
}

type Size = readonly [number, number, number, number];

/** Resolves tfjs's ways of stating padding. */
export function geometry(
  inputShape: Size,
  filterShape: Size,
  attrs: { strides: number | [number, number]; pad: Padding; dimRoundingMode?: 'floor' | 'round' | 'ceil' },
  depthwise = false,
): Geometry {
  const info = tf.backend_util.computeConv2DInfo(
    [...inputShape],
    [...filterShape],
    attrs.strides,
    1,
    attrs.pad,
    attrs.dimRoundingMode,
    depthwise,
  );
  const { top, bottom, left, right } = info.padInfo;
  return { strides: [info.strideHeight, info.strideWidth], pad: [top, bottom, left, right] };
}

export type Padding = 'valid' | 'same' | number | tf.backend_util.ExplicitPadding;

/**
 * dW = x (channels as batch) convolved with dy as its filter, dilated by the stride: one XNNPACK convolution instead of a
 * matrix product for each filter position.
 */
export function filterGradient(
  x: tf.Tensor4D,
  dy: tf.Tensor4D,
  filterShape: Size,
  { strides, pad }: Geometry,
): tf.Tensor4D {
  const [height, width] = filterShape;
  const images = padSpace(x, pad).transpose<tf.Tensor4D>([3, 1, 2, 0]);
  const filters = dy.transpose<tf.Tensor4D>([1, 2, 0, 3]);
  const product = tf.conv2d(images, filters, 1, 'valid', 'NHWC', [...strides]);
  return product.slice([0, 0, 0, 0], [-1, height, width, -1]).transpose([1, 2, 0, 3]);
}

/** dX = dy, spread by the stride, convolved with the filter turned by 180 degrees. */
export function inputGradient(dy: tf.Tensor4D, filter: tf.Tensor4D, inputShape: Size, geometry: Geometry): tf.Tensor4D {
  const turned = tf.reverse(filter, [0, 1]).transpose<tf.Tensor4D>([0, 1, 3, 2]);
  return tf.conv2d(spreadFor(dy, filter.shape, inputShape, geometry), turned, 1, 'valid');
}

/** One product and sum for each filter position. The filter is [height, width, channels, multiplier]. */
export function depthwiseFilterGradient(
  x: tf.Tensor4D,
  dy: tf.Tensor4D,
  filterShape: Size,
  { strides, pad }: Geometry,
): tf.Tensor4D {
  const [height, width, channels, multiplier] = filterShape;
  const [, rows, columns] = dy.shape;
  const padded = padSpace(x, pad);
  const byChannel = dy.reshape([-1, channels, multiplier]);
  const positions = Array.from({ length: height * width }, (_, i) => {
    const begin = [0, Math.floor(i / width), i % width, 0];
    const size = [(rows - 1) * strides[0] + 1, (columns - 1) * strides[1] + 1];
    const end = [x.shape[0], (begin[1] ?? 0) + (size[0] ?? 0), (begin[2] ?? 0) + (size[1] ?? 0), channels];
    const window = tf.stridedSlice(padded, begin, end, [1, strides[0], strides[1], 1]);
    return window.reshape([-1, channels, 1]).mul(byChannel).sum(0);
  });
  return tf.stack(positions).reshape([height, width, channels, multiplier]);
}

/** For each of the multiplier's filters, a depthwise convolution of its own part of dy. */
export function depthwiseInputGradient(
  dy: tf.Tensor4D,
  filter: tf.Tensor4D,
  inputShape: Size,
  geometry: Geometry,
): tf.Tensor4D {
  const [height, width, channels, multiplier] = filter.shape;
  const spread = spreadFor(dy, filter.shape, inputShape, geometry);
  const [batch, rows, columns] = spread.shape;
  const parts = spread.reshape([batch * rows * columns, channels, multiplier]);
  const turned = tf.reverse(filter, [0, 1]);
  const sums = Array.from({ length: multiplier }, (_, m) => {
    const part = parts.slice([0, 0, m], [-1, -1, 1]).reshape<tf.Tensor4D>([batch, rows, columns, channels]);
    const own = turned.slice([0, 0, 0, m], [height, width, channels, 1]);
    return tf.depthwiseConv2d(part, own, 1, 'valid');
  });
  return tf.addN(sums);
}

/** dy with zeros between its rows and columns for the stride, and around it so that a valid convolution fits the input. */
function spreadFor(dy: tf.Tensor4D, filterShape: Size, inputShape: Size, { strides, pad }: Geometry): tf.Tensor4D {
  const spread = spreadAxis(spreadAxis(dy, 1, strides[0]), 2, strides[1]);
  const around = (axis: 0 | 1, before: number): [number, number] => {
    const filter = filterShape[axis];
    const first = filter - 1 - before;
    return [first, inputShape[(axis + 1) as 1 | 2] + filter - 1 - first - spread.shape[(axis + 1) as 1 | 2]];
  };
  return padSpace(spread, [...around(0, pad[0]), ...around(1, pad[2])]);
}

/** Inserts `stride - 1` zeros between neighbours along an axis. */
function spreadAxis(tensor: tf.Tensor4D, axis: 1 | 2, stride: number): tf.Tensor4D {
  if (stride === 1) return tensor;
  const { shape } = tensor;
  const before = shape.slice(0, axis + 1).reduce((product, length) => product * length, 1);
  const cells = tensor.reshape([before, 1, -1]).pad([
    [0, 0],
    [0, stride - 1],
    [0, 0],
  ]);
  const longer = shape.map((length, i) => (i === axis ? length * stride : length)) as Mutable<Size>;
  const exact = shape.map((length, i) => (i === axis ? (length - 1) * stride + 1 : length));
  return cells.reshape<tf.Tensor4D>(longer).slice([0, 0, 0, 0], exact);
}

/** Pads rows and columns; negative numbers cut. */
function padSpace(tensor: tf.Tensor4D, [top, bottom, left, right]: Geometry['pad']): tf.Tensor4D {
  const grow = (n: number) => Math.max(n, 0);
  const cut = (n: number) => Math.max(-n, 0);
  const [batch, height, width, channels] = tensor.shape;
  const rows = height - cut(top) - cut(bottom);
  const columns = width - cut(left) - cut(right);
  const kept =
    rows === height && columns === width
      ? tensor
      : tensor.slice([0, cut(top), cut(left), 0], [batch, rows, columns, channels]);
  if (Math.max(top, bottom, left, right) <= 0) return kept;
  return kept.pad([
    [0, 0],
    [grow(top), grow(bottom)],
    [grow(left), grow(right)],
    [0, 0],
  ]);
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
