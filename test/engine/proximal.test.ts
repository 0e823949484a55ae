import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import { sgd } from '../../shared/engine/optimizer.js';
import { weightSpecs } from '../../shared/model/weights.js';
import { float32, type NdArray } from '../../shared/ndarray.js';

/** One dense layer y = w x, so the gradient of w for a cut gradient g is x g. */
function lineSpec() {
  const model = tf.sequential({ layers: [tf.layers.dense({ units: 1, useBias: false, inputShape: [1] })] });
  const tensor = { name: 'x', dtype: 'float32', shape: [1] } as const;
  const topology = JSON.stringify(model.toJSON(null, false));
  const spec = { index: 0, of: 2, topology, inputs: [tensor], outputs: [tensor], weights: weightSpecs(model) };
  model.dispose();
  return spec;
}

const scalar = (array: NdArray | undefined) => array?.data[0] ?? NaN;

describe.each(['tfjs', 'onnx'])('a proximal term on %s', (name) => {
  it('pulls towards the weights of the round, step by step as by hand', async () => {
    const engine = await chooseEngine(name);
    const optimizer = { ...sgd(0.1), proximal: 0.7 };
    const options = { spec: lineSpec(), weights: [float32([1, 1], [5])], optimizer, seed: 3, stream: 0 };
    const segment = await engine.segment(options);
    const step = async (on = segment) => {
      await on.forward({ inputs: [float32([1, 1], [3])] }, 0);
      await on.backward([float32([1, 1], [0.5])]);
      await on.update();
      return scalar((await on.weights())[0]);
    };
    await segment.setWeights([float32([1, 1], [2])]);
    // w = 2 - 0.1 (1.5 + 0.7 * 0) = 1.85, then 1.85 - 0.1 (1.5 + 0.7 * (1.85 - 2)) = 1.7105.
    expect(await step()).toBeCloseTo(1.85, 6);
    expect(await step()).toBeCloseTo(1.7105, 6);

    // Moved in the middle of a round, it goes on from where the round began.
    const moved = await engine.segment(options);
    await moved.restore(structuredClone(await segment.state()));
    // 1.7105 - 0.1 (1.5 + 0.7 * (1.7105 - 2)) = 1.580765.
    expect(await step(moved)).toBeCloseTo(1.580765, 6);
    expect(await step()).toBeCloseTo(1.580765, 6);

    // A new round: w = 4 - 0.15, and the anchor is 4.
    await segment.setWeights([float32([1, 1], [4])]);
    expect(await step()).toBeCloseTo(3.85, 6);
    expect(await step()).toBeCloseTo(3.85 - 0.1 * (1.5 - 0.7 * 0.15), 6);
    segment.dispose();
    moved.dispose();
  });
});
