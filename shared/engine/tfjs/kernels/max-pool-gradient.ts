import * as tf from '#tfjs';

export interface PoolAttributes {
  readonly filterSize: number | number[];
  readonly strides: number | number[];
  readonly pad: 'valid' | 'same' | number;
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

/** One dimension that windows move along. */
interface Axis {
  readonly length: number;
  readonly outputs: number;
  readonly window: number;
  readonly stride: number;
  readonly before: number;
}

/**
 * dX of max pooling, NHWC or NDHWC. tfjs's wasm kernels look for maxima above 0 only and send the gradient of every other window
 * to the first element of the batch; in three dimensions the cpu backend, too, mistakes places in windows that are no cubes. The first of several
 * equal maxima gets the gradient.
 */
export function maxPoolGradient(dy: tf.Tensor, x: tf.Tensor, attrs: PoolAttributes): tf.Tensor {
  const [depth, height, width] = axesOf(x.shape, attrs);
  const [batch = 0, channels = 0] = [x.shape[0], x.shape.at(-1)];
  const values = x.dataSync();
  const gradients = dy.dataSync();
  const result = new Float32Array(values.length);
  let at = 0;
  for (let sample = 0; sample < batch; sample++) {
    const start = sample * depth.length * height.length * width.length;
    for (let plane = 0; plane < depth.outputs; plane++) {
      const [fromPlane, toPlane] = windowAt(depth, plane);
      for (let row = 0; row < height.outputs; row++) {
        const [fromRow, toRow] = windowAt(height, row);
        for (let column = 0; column < width.outputs; column++) {
          const [fromColumn, toColumn] = windowAt(width, column);
          for (let channel = 0; channel < channels; channel++) {
            let [best, place] = [-Infinity, -1];
            for (let z = fromPlane; z < toPlane; z++) {
              for (let y = fromRow; y < toRow; y++) {
                for (let c = fromColumn; c < toColumn; c++) {
                  const index = (start + (z * height.length + y) * width.length + c) * channels + channel;
                  const value = values[index] ?? 0;
                  if (value > best) [best, place] = [value, index];
                }
              }
            }
            const gradient = gradients[at++] ?? 0;
            if (place >= 0) result[place] = (result[place] ?? 0) + gradient;
          }
        }
      }
    }
  }
  return tf.tensor(result, x.shape);
}

function windowAt({ length, window, stride, before }: Axis, output: number): readonly [number, number] {
  const first = output * stride - before;
  return [Math.max(0, first), Math.min(length, first + window)];
}

/** An image is a volume of one plane. */
function axesOf(shape: readonly number[], attrs: PoolAttributes): readonly [Axis, Axis, Axis] {
  const { filterSize, strides, pad, dimRoundingMode } = attrs;
  if (shape.length === 5) {
    const info = tf.backend_util.computePool3DInfo(
      [...shape] as [number, number, number, number, number],
      filterSize as [number, number, number],
      strides as [number, number, number],
      1,
      pad,
      dimRoundingMode,
    );
    const { padInfo } = info;
    return [
      axis(info.inDepth, info.outDepth, info.filterDepth, info.strideDepth, padInfo.front),
      axis(info.inHeight, info.outHeight, info.filterHeight, info.strideHeight, padInfo.top),
      axis(info.inWidth, info.outWidth, info.filterWidth, info.strideWidth, padInfo.left),
    ];
  }
  const info = tf.backend_util.computePool2DInfo(
    [...shape] as [number, number, number, number],
    filterSize as [number, number],
    strides as [number, number],
    1,
    pad,
    dimRoundingMode,
  );
  return [
    axis(1, 1, 1, 1, 0),
    axis(info.inHeight, info.outHeight, info.filterHeight, info.strideHeight, info.padInfo.top),
    axis(info.inWidth, info.outWidth, info.filterWidth, info.strideWidth, info.padInfo.left),
  ];
}

function axis(length: number, outputs: number, window: number, stride: number, before: number): Axis {
  return { length, outputs, window, stride, before };
}
