import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import { verify } from '../../simulator/verify.js';
import { oddData, oddTask } from '../helpers/odd-models.js';

const L = tf.layers;

/** Draws one number in JavaScript, and computes with it. */
class Luck extends tf.layers.Layer {
  static className = 'Luck';

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => tf.mul([inputs].flat()[0] as tf.Tensor, 0.5 + Math.random()));
  }
}
tf.serialization.registerClass(Luck);

/** One or two numbers fit any distribution, so that a graph could draw them from another one. */
describe('few random numbers are those of tfjs on the compiled engine', () => {
  it.each<[string, number, () => tf.layers.Layer, number]>([
    ['a number drawn in JavaScript', 4, () => new Luck({ name: 'luck' }), 5],
    ['noise on one number', 1, () => L.gaussianNoise({ name: 'noise', stddev: 0.5 }), 1],
    ['noise on two numbers', 2, () => L.gaussianNoise({ name: 'noise', stddev: 0.5 }), 1],
    ['dropout of two numbers', 2, () => L.dropout({ name: 'drop', rate: 0.4 }), 1],
  ])('%s', async (_what, units, drawing, batch) => {
    const model = () =>
      tf.sequential({
        layers: [L.dense({ name: 'first', units, inputShape: [4] }), drawing(), L.dense({ name: 'logits', units: 3 })],
      });
    const engine = await chooseEngine('onnx', { onNotice: () => undefined });
    const options = {
      task: oddTask('first', model, { batch }),
      dataset: oddData([4]),
      engine,
      steps: 6,
      batch,
      seed: 9,
    };
    expect((await verify(options)).maxAbsGradientDiff).toBeLessThanOrEqual(1e-4);
  });
});
