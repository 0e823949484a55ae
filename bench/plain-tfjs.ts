import * as tf from '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-wasm';

/**
 * tfjs's wasm backend as its users have it, with nothing of ours, but for the one kernel without which it cannot train a
 * convolution at all: dW as a matrix product for each place in the filter.
 */
export async function usePlainTfjs(): Promise<void> {
  tf.registerKernel({
    kernelName: 'Conv2DBackpropFilter',
    backendName: 'wasm',
    kernelFunc: ({ inputs, attrs }) => {
      const { x, dy } = inputs as { x: tf.Tensor4D; dy: tf.Tensor4D };
      const { filterShape, strides, pad } = attrs as unknown as {
        filterShape: [number, number, number, number];
        strides: [number, number];
        pad: 'same' | 'valid';
      };
      return tf.tidy(() => filterGradient(x, dy, filterShape, strides, pad));
    },
  });
  await tf.setBackend('wasm');
}

function filterGradient(
  x: tf.Tensor4D,
  dy: tf.Tensor4D,
  filterShape: [number, number, number, number],
  strides: [number, number],
  pad: 'same' | 'valid',
): tf.Tensor {
  const [height, width, channels, filters] = filterShape;
  const { padInfo } = tf.backend_util.computeConv2DInfo(x.shape, filterShape, strides, 1, pad);
  const padded = x.pad([
    [0, 0],
    [padInfo.top, padInfo.bottom],
    [padInfo.left, padInfo.right],
    [0, 0],
  ]);
  const [batch, rows, columns] = dy.shape;
  const flat = dy.reshape<tf.Tensor2D>([-1, filters]);
  const places = Array.from({ length: height * width }, (_, i) => {
    const [top, left] = [Math.floor(i / width), i % width];
    const end = [batch, top + (rows - 1) * strides[0] + 1, left + (columns - 1) * strides[1] + 1, channels];
    const window = tf.stridedSlice(padded, [0, top, left, 0], end, [1, strides[0], strides[1], 1]);
    return tf.matMul(window.reshape<tf.Tensor2D>([-1, channels]), flat, true, false);
  });
  return tf.stack(places).reshape(filterShape);
}
