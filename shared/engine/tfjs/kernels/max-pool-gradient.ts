import * as tf from '@tensorflow/tfjs';

type Size = [number, number, number, number];

export interface PoolAttributes {
  readonly filterSize: number | [number, number];
  readonly strides: number | [number, number];
  readonly pad: 'valid' | 'same' | number;
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

/**
 * dX of max pooling, NHWC. tfjs's wasm kernel looks for maxima above 0 only and sends the gradient of every other window
 * to the first element of the batch. The first of several equal maxima gets the gradient, as on the cpu backend.
 */
export function maxPoolGradient(dy: tf.Tensor, x: tf.Tensor, attrs: PoolAttributes): tf.Tensor {
  const { filterSize, strides, pad, dimRoundingMode } = attrs;
  const shape = x.shape as Size;
  const info = tf.backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode);
  const [batch, height, width, channels] = shape;
  const values = x.dataSync();
  const gradients = dy.dataSync();
  const result = new Float32Array(values.length);
  let at = 0;
  for (let image = 0; image < batch; image++) {
    const start = image * height * width;
    for (let row = 0; row < info.outHeight; row++) {
      const top = row * info.strideHeight - info.padInfo.top;
      for (let column = 0; column < info.outWidth; column++) {
        const left = column * info.strideWidth - info.padInfo.left;
        const [fromRow, toRow] = [Math.max(0, top), Math.min(height, top + info.filterHeight)];
        const [fromColumn, toColumn] = [Math.max(0, left), Math.min(width, left + info.filterWidth)];
        for (let channel = 0; channel < channels; channel++) {
          let [best, place] = [-Infinity, -1];
          for (let y = fromRow; y < toRow; y++) {
            for (let c = fromColumn; c < toColumn; c++) {
              const index = (start + y * width + c) * channels + channel;
              const value = values[index] ?? 0;
              if (value > best) [best, place] = [value, index];
            }
          }
          const gradient = gradients[at++] ?? 0;
          if (place >= 0) result[place] = (result[place] ?? 0) + gradient;
        }
      }
    }
  }
  return tf.tensor(result, shape);
}
