import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { createOnnxEngine } from '../../shared/engine/onnx/onnx-engine.js';
import { fillRandom } from '../../shared/engine/onnx/trace/alea.js';
import type { Engine } from '../../shared/engine/engine.js';
import { largestDifference, optionsFor, reference, trainInside } from '../conformance/engine-harness.js';

const SEED = 40_013;

/** A layer with an operation that has no ONNX lowering. */
class Angle extends tf.layers.Layer {
  static className = 'TestAngle';

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const x = Array.isArray(inputs) ? (inputs[0] as tf.Tensor) : inputs;
    return tf.tidy(() => tf.atan2(x, tf.scalar(2.5)));
  }
}

/** A layer that looks at numbers. */
class Peek extends tf.layers.Layer {
  static className = 'TestPeek';

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const x = Array.isArray(inputs) ? (inputs[0] as tf.Tensor) : inputs;
    return tf.tidy(() => x.mul(1 + Math.abs(x.dataSync()[0] ?? 0)));
  }
}

/** A layer that draws numbers of a kind the engine does not know how to draw again. */
class GammaNoise extends tf.layers.Layer {
  static className = 'TestGammaNoise';

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const x = Array.isArray(inputs) ? (inputs[0] as tf.Tensor) : inputs;
    return tf.tidy(() => x.mul(tf.randomGamma(x.shape, 2.5)));
  }
}
[Angle, Peek, GammaNoise].forEach((layer) => tf.serialization.registerClass(layer));

function withLayer(make: () => tf.layers.Layer) {
  return {
    model: () => {
      const input = tf.input({ shape: [5] });
      const hidden = tf.layers.dense({ units: 4 }).apply(input) as tf.SymbolicTensor;
      return tf.model({ inputs: input, outputs: make().apply(hidden) as tf.SymbolicTensor });
    },
  };
}

describe('the compiled engine', () => {
  const notices: string[] = [];
  let engine: Engine;

  beforeAll(async () => {
    engine = await createOnnxEngine({ onNotice: (text) => notices.push(text) });
  });

  test.each([
    ['an operation it lacks', () => new Angle({}), "the operation 'Atan2'"],
    ['a layer that reads values', () => new Peek({}), 'the reading of a value'],
    ['random numbers it cannot draw', () => new GammaNoise({}), 'the random numbers of layer'],
  ])('runs a segment on tfjs and says why: %s', async (_, make, why) => {
    const options = optionsFor(withLayer(make), SEED);
    notices.length = 0;
    const found = await trainInside(engine, options);
    expect(notices).toEqual([expect.stringContaining(why)]);
    const { difference, at } = largestDifference(found, await trainInside(reference, options));
    expect(difference, `${at}, seed ${SEED}`).toBeLessThanOrEqual(1e-4);
  });

  test('leaves tfjs on the backend it found', async () => {
    await tf.setBackend('cpu');
    await trainInside(
      engine,
      optionsFor(
        withLayer(() => tf.layers.reLU()),
        SEED,
      ),
    );
    expect(tf.getBackend()).toBe('cpu');
    expect(await tf.scalar(7).add(4).data()).toEqual(Float32Array.of(11));
  });
});

describe('fillRandom', () => {
  test.each([
    ['uniform', 1.7, -0.6, (seed: number) => tf.randomUniform([37], -0.6, 1.1, 'float32', seed)],
    ['normal', 0.3, 0.2, (seed: number) => tf.randomNormal([37], 0.2, 0.3, 'float32', seed)],
  ] as const)('draws what tfjs draws: %s', (draw, scale, offset, make) => {
    const drawn = new Float32Array(37);
    fillRandom(drawn, draw, 0.713, scale, offset);
    const expected = make(0.713).dataSync();
    drawn.forEach((value, i) => expect(value).toBeCloseTo(expected[i] ?? NaN, 6));
  });
});
