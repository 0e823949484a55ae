import * as tf from '#tfjs';

type Pair = [number, number];
type Shape4 = [number, number, number, number];

interface Attributes {
  readonly dilations: number | Pair | null;
  readonly strides: number | Pair;
  readonly pad: 'valid' | 'same' | number;
  readonly dataFormat?: 'NHWC' | 'NCHW';
}

type Gradient = NonNullable<ReturnType<typeof tf.getGradient>>;

let registered = false;

/**
 * tfjs applies convolutions with holes and refuses to train them. Such a filter is one without holes that has zeros in them, so its
 * gradients are those of the larger filter.
 */
export function registerDilatedGradients(): void {
  if (registered) return;
  registered = true;
  extend('Conv2D', 'Conv2DBackpropInput', 'Conv2DBackpropFilter');
  const depthwise = 'DepthwiseConv2dNative';
  extend(depthwise, `${depthwise}BackpropInput`, `${depthwise}BackpropFilter`);
}

/** Gives a convolution's gradient the kernels it needs where there are holes. */
function extend(kernelName: string, inputKernel: string, filterKernel: string): void {
  const original = tf.getGradient(kernelName);
  if (!original) return;
  const gradFunc: Gradient['gradFunc'] = (dy, saved, attributes) => {
    const { dilations, strides, pad } = attributes as unknown as Attributes;
    const [height = 1, width = height] = [dilations ?? 1].flat();
    const rates: Pair = [height, width];
    if (rates.every((rate) => rate === 1)) return original.gradFunc(dy, saved, attributes);
    const [x, filter] = saved as [tf.Tensor4D, tf.Tensor4D];
    const large = largerShape(filter.shape, rates);
    const attrs = { strides, pad, dataFormat: 'NHWC', dilations: 1 };
    const run = (kernel: string, inputs: object, more: object) =>
      tf.engine().runKernel<tf.Tensor4D>(kernel, inputs as tf.NamedTensorMap, { ...attrs, ...more });
    return {
      x: () => run(inputKernel, { dy, filter: opened(filter, rates) }, { inputShape: x.shape }),
      filter: () => closed(run(filterKernel, { x, dy }, { filterShape: large }), filter.shape, rates),
    };
  };
  tf.unregisterGradient(kernelName);
  tf.registerGradient({ ...original, gradFunc });
}

function largerShape([height, width, channels, filters]: Shape4, [down, across]: Pair): Shape4 {
  return [(height - 1) * down + 1, (width - 1) * across + 1, channels, filters];
}

/** The reverse of `opened`: what stands between the holes. */
function closed(large: tf.Tensor4D, shape: Shape4, [down, across]: Pair): tf.Tensor4D {
  const [height, width, channels, filters] = shape;
  const full = tf.pad(large, [
    [0, down - 1],
    [0, across - 1],
    [0, 0],
    [0, 0],
  ]);
  const wide = tf.reshape(full, [height, down, width, across, channels * filters]);
  return tf.reshape<tf.Rank.R4>(tf.slice(wide, [0, 0, 0, 0, 0], [height, 1, width, 1, channels * filters]), shape);
}

/** The filter with zeros in its holes. */
function opened(filter: tf.Tensor4D, [down, across]: Pair): tf.Tensor4D {
  const [height, width, channels, filters] = filter.shape;
  const spread: Shape4 = [height * down, width * across, channels, filters];
  const wide = tf.pad(tf.reshape(filter, [height, 1, width, 1, channels * filters]), [
    [0, 0],
    [0, down - 1],
    [0, 0],
    [0, across - 1],
    [0, 0],
  ]);
  const full = tf.reshape<tf.Rank.R4>(wide, spread);
  return tf.slice(full, [0, 0, 0, 0], largerShape(filter.shape, [down, across]));
}
