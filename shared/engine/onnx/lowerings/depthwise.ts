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

interface DepthwiseAttributes extends WindowAttributes {
  readonly activation?: string;
  readonly leakyreluAlpha?: number;
}

/** The filter [height, width, channels, multiplier] as ONNX's grouped [channels * multiplier, 1, height, width]. */
function grouped(trace: Tracer, filter: Value): Value {
  const [height, width, channels, multiplier] = four(filter.shape);
  return trace.reshape(trace.transpose(filter, [2, 3, 0, 1]), [channels * multiplier, 1, height, width]);
}

function convolve(trace: Tracer, x: Value, filter: Value, geometry: Geometry, bias?: Value): Value {
  const image = toNchw(trace, x);
  const kernel = grouped(trace, filter);
  const shape = [image.shape[0] ?? 1, kernel.shape[0] ?? 1, ...geometry.output];
  const attributes = { ...windowAttributes(geometry), group: image.shape[1] ?? 1 };
  return toNhwc(trace, trace.node('Conv', [image, kernel, bias], { shape, dtype: 'float32' }, { attributes }));
}

function inputGradient(trace: Tracer, dy: Value, filter: Value, inputShape: Four, geometry: Geometry): Value {
  const { kernel, strides, dilations, pad, output } = geometry;
  const [batch, height, width, channels] = inputShape;
  const span = kernel.map((length, axis) => (length - 1) * (dilations[axis] ?? 1) + 1) as [number, number];
  const extra = [
    height - ((output[0] - 1) * strides[0] + span[0] - pad[0] - pad[1]),
    width - ((output[1] - 1) * strides[1] + span[1] - pad[2] - pad[3]),
  ];
  const attributes = { ...windowAttributes(geometry), group: channels, output_padding: extra };
  const inputs = [toNchw(trace, dy), grouped(trace, filter)];
  const shape = [batch, channels, height, width];
  return toNhwc(trace, trace.node('ConvTranspose', inputs, { shape, dtype: 'float32' }, { attributes }));
}

/** dW: each channel of the image convolved with its own part of dy, the batch in the place of the channels. */
function filterGradient(trace: Tracer, x: Value, dy: Value, filterShape: Four, geometry: Geometry): Value {
  const { strides, dilations, pad, output } = geometry;
  const [height, width, channels, multiplier] = filterShape;
  const [batch = 1, rows = 1, columns = 1] = x.shape;
  const image = trace.reshape(trace.transpose(x, [3, 0, 1, 2]), [1, channels * batch, rows, columns]);
  const kernel = trace.transpose(dy, [3, 0, 1, 2]);
  const size = [
    Math.floor((rows + pad[0] + pad[1] - (output[0] - 1) * strides[0] - 1) / dilations[0]) + 1,
    Math.floor((columns + pad[2] + pad[3] - (output[1] - 1) * strides[1] - 1) / dilations[1]) + 1,
  ] as const;
  const window = windowAttributes({ kernel: output, strides: dilations, dilations: strides, pad, output });
  const shape = [1, channels * multiplier, ...size];
  const attributes = { ...window, group: channels };
  const product = trace.node('Conv', [image, kernel], { shape, dtype: 'float32' }, { attributes });
  const exact = slice(trace, product, [0, 0, 0, 0], [1, channels * multiplier, height, width]);
  return trace.transpose(trace.reshape(exact, [channels, multiplier, height, width]), [2, 3, 0, 1]);
}

interface Inputs {
  x: Value;
  filter: Value;
  bias?: Value;
  preluActivationWeights?: Value;
}

export const depthwiseLowerings = {
  DepthwiseConv2dNative: (trace, { x, filter }: Inputs, attrs: DepthwiseAttributes) =>
    convolve(trace, x, filter, convolutionGeometry(four(x.shape), four(filter.shape), attrs, true)),
  FusedDepthwiseConv2D: (trace, { x, filter, bias, preluActivationWeights }: Inputs, attrs: DepthwiseAttributes) => {
    const geometry = convolutionGeometry(four(x.shape), four(filter.shape), attrs, true);
    const row = bias?.shape.length === 1;
    const product = convolve(trace, x, filter, geometry, row ? bias : undefined);
    const shifted = bias && !row ? add(trace, product, bias) : product;
    return withActivation(trace, shifted, attrs, preluActivationWeights);
  },
  DepthwiseConv2dNativeBackpropInput: (
    trace,
    { dy, filter }: { dy: Value; filter: Value },
    attrs: DepthwiseAttributes & { inputShape: Four },
  ) => {
    const geometry = convolutionGeometry(attrs.inputShape, four(filter.shape), attrs, true);
    return inputGradient(trace, dy, filter, attrs.inputShape, geometry);
  },
  DepthwiseConv2dNativeBackpropFilter: (
    trace,
    { x, dy }: { x: Value; dy: Value },
    attrs: DepthwiseAttributes & { filterShape: Four },
  ) => {
    const geometry = convolutionGeometry(four(x.shape), attrs.filterShape, attrs, true);
    return filterGradient(trace, x, dy, attrs.filterShape, geometry);
  },
} satisfies Lowerings;
