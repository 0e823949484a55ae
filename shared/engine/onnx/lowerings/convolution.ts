import type { Tracer } from '../trace/tracer.js';
import type { Value } from '../trace/value.js';
import { add } from './elementwise.js';
import type { Lowerings } from './lowering.js';
import { withActivation } from './matmul.js';
import { slice } from './shape.js';
import {
  convolutionGeometry,
  four,
  toNchw,
  toNhwc,
  windowAttributes,
  type Four,
  type Geometry,
  type WindowAttributes,
} from './spatial.js';

interface ConvolutionAttributes extends WindowAttributes {
  readonly dataFormat?: 'NHWC' | 'NCHW';
  readonly activation?: string;
  readonly leakyreluAlpha?: number;
}

interface Fused {
  x: Value;
  filter: Value;
  bias?: Value;
  preluActivationWeights?: Value;
}

function convolve(trace: Tracer, x: Value, filter: Value, geometry: Geometry, bias?: Value): Value {
  const image = toNchw(trace, x);
  // HWIO to OIHW.
  const kernel = trace.transpose(filter, [3, 2, 0, 1]);
  const shape = [image.shape[0] ?? 1, kernel.shape[0] ?? 1, ...geometry.output];
  const attributes = windowAttributes(geometry);
  return toNhwc(trace, trace.node('Conv', [image, kernel, bias], { shape, dtype: 'float32' }, { attributes }));
}

/**
 * dX. With stride 1 a convolution of dy with the filter turned by 180 degrees, which runs faster than ConvTranspose;
 * else ConvTranspose.
 */
function inputGradient(trace: Tracer, dy: Value, filter: Value, inputShape: Four, geometry: Geometry): Value {
  const { kernel, strides, pad, output } = geometry;
  const [batch, height, width, channels] = inputShape;
  const before = [kernel[0] - 1 - pad[0], kernel[1] - 1 - pad[2]] as const;
  if (strides[0] === 1 && strides[1] === 1 && before[0] >= 0 && before[1] >= 0) {
    const turned = turn(trace, trace.transpose(filter, [2, 3, 0, 1]));
    const after = [height + pad[0] - output[0], width + pad[2] - output[1]] as const;
    const full: Geometry = { ...geometry, pad: [before[0], after[0], before[1], after[1]], output: [height, width] };
    const attributes = windowAttributes(full);
    const shape = [batch, channels, height, width];
    return toNhwc(trace, trace.node('Conv', [toNchw(trace, dy), turned], { shape, dtype: 'float32' }, { attributes }));
  }
  const extra = [
    height - ((output[0] - 1) * strides[0] + kernel[0] - pad[0] - pad[1]),
    width - ((output[1] - 1) * strides[1] + kernel[1] - pad[2] - pad[3]),
  ];
  const attributes = { ...windowAttributes(geometry), output_padding: extra };
  const shape = [batch, channels, height, width];
  const weights = trace.transpose(filter, [3, 2, 0, 1]);
  return toNhwc(
    trace,
    trace.node('ConvTranspose', [toNchw(trace, dy), weights], { shape, dtype: 'float32' }, { attributes }),
  );
}

/** Turns a filter's two last dimensions by 180 degrees. */
function turn(trace: Tracer, filter: Value): Value {
  if (filter.shape[2] === 1 && filter.shape[3] === 1) return filter;
  const pair = (value: number) => trace.integers([value, value]);
  return trace.node('Slice', [filter, pair(-1), pair(-(2 ** 31)), trace.integers([2, 3]), pair(-1)], filter);
}

/** dW: the image convolved with dy, with channels in the place of the batch; the stride becomes a dilation. */
function filterGradient(trace: Tracer, x: Value, dy: Value, filterShape: Four, geometry: Geometry): Value {
  const { strides, pad, output } = geometry;
  const [height, width, channels, filters] = filterShape;
  const image = trace.transpose(x, [3, 0, 1, 2]);
  const kernel = trace.transpose(dy, [3, 0, 1, 2]);
  const rows = (image.shape[2] ?? 0) + pad[0] + pad[1] - (output[0] - 1) * strides[0];
  const columns = (image.shape[3] ?? 0) + pad[2] + pad[3] - (output[1] - 1) * strides[1];
  const attributes = windowAttributes({ kernel: output, strides: [1, 1], dilations: strides, pad, output });
  const shape = [channels, filters, rows, columns];
  const product = trace.node('Conv', [image, kernel], { shape, dtype: 'float32' }, { attributes });
  const exact = slice(trace, product, [0, 0, 0, 0], [channels, filters, height, width]);
  return trace.transpose(exact, [2, 3, 0, 1]);
}

/** The input as NHWC whatever the layer's format. */
function channelsLast(trace: Tracer, image: Value, format: string | undefined): Value {
  return format === 'NCHW' ? trace.transpose(image, [0, 2, 3, 1]) : image;
}

function asFormat(trace: Tracer, image: Value, format: string | undefined): Value {
  return format === 'NCHW' ? trace.transpose(image, [0, 3, 1, 2]) : image;
}

export const convolutionLowerings = {
  Conv2D: (trace, { x, filter }: Fused, attrs: ConvolutionAttributes) => {
    const image = channelsLast(trace, x, attrs.dataFormat);
    const geometry = convolutionGeometry(four(image.shape), four(filter.shape), attrs);
    return asFormat(trace, convolve(trace, image, filter, geometry), attrs.dataFormat);
  },
  FusedConv2D: (trace, { x, filter, bias, preluActivationWeights }: Fused, attrs: ConvolutionAttributes) => {
    const image = channelsLast(trace, x, attrs.dataFormat);
    const geometry = convolutionGeometry(four(image.shape), four(filter.shape), attrs);
    const row = bias?.shape.length === 1;
    const product = convolve(trace, image, filter, geometry, row ? bias : undefined);
    const shifted = bias && !row ? add(trace, product, bias) : product;
    const result = withActivation(trace, shifted, attrs, preluActivationWeights);
    return asFormat(trace, result, attrs.dataFormat);
  },
  Conv2DBackpropInput: (
    trace,
    { dy, filter }: { dy: Value; filter: Value },
    attrs: ConvolutionAttributes & { inputShape: Four },
  ) => {
    const { dataFormat, inputShape: given } = attrs;
    const inputShape: Four = dataFormat === 'NCHW' ? [given[0], given[2], given[3], given[1]] : given;
    const geometry = convolutionGeometry(inputShape, four(filter.shape), attrs);
    const gradient = channelsLast(trace, dy, dataFormat);
    return asFormat(trace, inputGradient(trace, gradient, filter, inputShape, geometry), dataFormat);
  },
  Conv2DBackpropFilter: (
    trace,
    { x, dy }: { x: Value; dy: Value },
    attrs: ConvolutionAttributes & { filterShape: Four },
  ) => {
    const image = channelsLast(trace, x, attrs.dataFormat);
    const geometry = convolutionGeometry(four(image.shape), attrs.filterShape, attrs);
    return filterGradient(trace, image, channelsLast(trace, dy, attrs.dataFormat), attrs.filterShape, geometry);
  },
} satisfies Lowerings;
