import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { cutModel } from '../../shared/model/cut.js';
import type { Cut } from '../../shared/model/parse-cuts.js';
import { trainingFlops } from '../../shared/model/compute-cost.js';

const { layers } = tf;

async function flops(model: tf.LayersModel, cuts: Cut[] = []): Promise<number[]> {
  const { specs } = cutModel(model, cuts);
  model.dispose();
  return Promise.all(specs.map(trainingFlops));
}

describe('the work of a training step', () => {
  it('is six times the multiply-adds, counted by hand, and adds up over segments', async () => {
    const build = () =>
      tf.sequential({
        layers: [
          layers.conv2d({ name: 'conv', filters: 3, kernelSize: [5, 2], strides: 2, inputShape: [11, 9, 2] }),
          layers.flatten({ name: 'flat' }),
          layers.dense({ units: 7 }),
        ],
      });
    // 4 x 4 places of 5 x 2 x 2 x 3 filters; 48 features to 7 units.
    expect(await flops(build())).toEqual([6 * (16 * 60 + 48 * 7)]);
    expect(await flops(build(), ['flat'])).toEqual([6 * 16 * 60, 6 * 48 * 7]);
  });

  it('counts recurrent layers at every step of their input, and look-ups not at all', async () => {
    const model = tf.sequential({
      layers: [layers.embedding({ inputDim: 97, outputDim: 5, inputLength: 13 }), layers.lstm({ units: 3 })],
    });
    expect(await flops(model)).toEqual([6 * 13 * (5 * 12 + 3 * 12)]);
  });

  it('counts a transposed convolution at every place of its input', async () => {
    const model = tf.sequential({
      layers: [layers.conv2dTranspose({ filters: 3, kernelSize: 3, strides: 2, inputShape: [5, 7, 2] })],
    });
    expect(await flops(model)).toEqual([6 * 35 * 9 * 3 * 2]);
  });
});
