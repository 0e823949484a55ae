import type { Tracer } from '../trace/tracer.js';
import type { Value } from '../trace/value.js';
import { add } from './elementwise.js';
import { facts } from './facts.js';
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
  const result = toNhwc(trace, trace.node('Conv', [image, kernel, bias], { shape, dtype: 'float32' }, { attributes }));
  if (!bias) facts.withBias.set(result, (row) => convolve(trace, x, filter, geometry, row));
  return result;
}

/** dX, which ConvTranspose is for. (A convolution with the turned filter is slower the fewer channels there are.) */
function inputGradient(trace: Tracer, dy: Value, filter: Value, inputShape: Four, geometry: Geometry): Value {
  const { kernel, strides, pad, output } = geometry;
  const [batch, height, width, channels] = inputShape;
  const extra = [
    height - ((output[0] - 1) * strides[0] + kernel[0] - pad[0] - pad[1]),
    width - ((output[1] - 1) * strides[1] + kernel[1] - pad[2] - pad[3]),
  ];
  const attributes = { ...windowAttributes(geometry), output_padding: extra };
  const shape = [batch, channels, height, width];
  const inputs = [toNchw(trace, dy), trace.transpose(filter, [3, 2, 0, 1])];
  return toNhwc(trace, trace.node('ConvTranspose', inputs, { shape, dtype: 'float32' }, { attributes }));
}

/**
 * dW: the image convolved with dy, the batch in the place of the channels. The image's own channels lie side by side in
 * its rows, and the filter steps over them: one large matrix product instead of a small one a channel (2.4 times faster
 * with 32 channels).
 */
function filterGradient(trace: Tracer, x: Value, dy: Value, filterShape: Four, geometry: Geometry): Value {
  const { strides, pad, output } = geometry;
  const [height, width, channels, filters] = filterShape;
  const [batch = 1, rows = 1, columns = 1] = x.shape;
  const image = trace.reshape(x, [1, batch, rows, columns * channels]);
  const kernel = trace.transpose(dy, [3, 0, 1, 2]);
  const attributes = windowAttributes({
    kernel: output,
    strides: [1, 1],
    dilations: [strides[0], strides[1] * channels],
    pad: [pad[0], pad[1], pad[2] * channels, pad[3] * channels],
    output,
  });
  const found = [
    rows + pad[0] + pad[1] - (output[0] - 1) * strides[0],
    (columns + pad[2] + pad[3] - (output[1] - 1) * strides[1]) * channels,
  ] as const;
  const product = trace.node(
    'Conv',
    [image, kernel],
    { shape: [1, filters, ...found], dtype: 'float32' },
    { attributes },
  );
  const exact = slice(trace, product, [0, 0, 0, 0], [1, filters, height, width * channels]);
  return trace.transpose(trace.reshape(exact, [filters, height, width, channels]), [1, 2, 3, 0]);
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
