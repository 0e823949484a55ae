import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { useBestBackend } from '../../shared/engine/tfjs/backend.js';
import { withSeededRandom } from '../../shared/rng.js';

beforeAll(() => useBestBackend());

type Run = () => tf.Tensor[];

/** Runs the same computation on wasm, where our kernels are, and on tfjs's own cpu backend. */
async function compare(run: Run): Promise<void> {
  const results: Float32Array[][] = [];
  for (const backend of ['wasm', 'cpu']) {
    await tf.setBackend(backend);
    const tensors = withSeededRandom(['kernels', 17], () => tf.tidy(run));
    results.push(tensors.map((tensor) => tensor.dataSync() as Float32Array));
    tf.dispose(tensors);
  }
  await tf.setBackend('wasm');
  const [ours, theirs] = results;
  expect(ours?.length).toBe(theirs?.length);
  theirs?.forEach((values, i) => {
    const scale = Math.max(1e-3, ...Array.from(values, Math.abs));
    values.forEach((value, j) => expect(Math.abs((ours?.[i]?.[j] ?? NaN) - value) / scale).toBeLessThan(2e-5));
  });
}

const strides: [number, number][] = [
  [1, 1],
  [2, 2],
  [2, 3],
];

describe('kernels registered for wasm', () => {
  for (const pad of ['same', 'valid'] as const) {
    it.each(strides)(`convolution gradients, pad ${pad}, stride %i x %i`, async (down, across) => {
      await compare(() => {
        const x = tf.randomNormal<tf.Rank.R4>([3, 11, 9, 4]);
        const filter = tf.randomNormal<tf.Rank.R4>([3, 5, 4, 7]);
        const y = (a: tf.Tensor4D, w: tf.Tensor4D) => tf.conv2d(a, w, [down, across], pad);
        return tf.grads((a, w) => y(a as tf.Tensor4D, w as tf.Tensor4D))(
          [x, filter],
          tf.randomNormal(y(x, filter).shape),
        );
      });
    });

    it.each([1, 2, [1, 2, 3]])(`convolution gradients of volumes, pad ${pad}, stride %j`, async (stride) => {
      const apart = stride as number;
      await compare(() => {
        const x = tf.randomNormal<tf.Rank.R5>([2, 5, 6, 7, 2]);
        const filter = tf.randomNormal<tf.Rank.R5>([2, 3, 2, 2, 3]);
        const y = (a: tf.Tensor5D, w: tf.Tensor5D) => tf.conv3d(a, w, apart, pad);
        return tf.grads((a, w) => y(a as tf.Tensor5D, w as tf.Tensor5D))(
          [x, filter],
          tf.randomNormal(y(x, filter).shape),
        );
      });
    });

    it.each([1, 2, [1, 2, 3]])(`maxima of volumes and their gradient, pad ${pad}, stride %j`, async (stride) => {
      const apart = stride as number;
      await compare(() => {
        const x = tf.randomNormal<tf.Rank.R5>([2, 5, 6, 7, 2]);
        const y = (a: tf.Tensor5D) => tf.maxPool3d(a, 2, apart, pad);
        return [y(x), tf.grad((a) => y(a as tf.Tensor5D))(x, tf.randomNormal(y(x).shape))];
      });
    });

    it.each(strides.slice(0, 2))(`depthwise gradients, pad ${pad}, stride %i x %i`, async (down, across) => {
      for (const multiplier of [1, 3]) {
        await compare(() => {
          const x = tf.randomNormal<tf.Rank.R4>([2, 9, 8, 5]);
          const filter = tf.randomNormal<tf.Rank.R4>([3, 3, 5, multiplier]);
          const y = (a: tf.Tensor4D, w: tf.Tensor4D) => tf.depthwiseConv2d(a, w, [down, across], pad);
          return tf.grads((a, w) => y(a as tf.Tensor4D, w as tf.Tensor4D))(
            [x, filter],
            tf.randomNormal(y(x, filter).shape),
          );
        });
      }
    });
  }

  it.each([
    [false, false],
    [true, false],
    [false, true],
    [true, true],
  ])('matrix products, transposed %s, %s', async (transposeA, transposeB) => {
    for (const batch of [[], [1], [3], [2, 3]]) {
      await compare(() => {
        const a = tf.randomNormal([...batch, ...(transposeA ? [5, 7] : [7, 5])]);
        const b = tf.randomNormal([...batch, ...(transposeB ? [11, 5] : [5, 11])]);
        return [tf.matMul(a, b, transposeA, transposeB)];
      });
    }
  });

  it.each(['ij,jk->ik', 'bhqd,bhkd->bhqk', 'abc,cd->abd', 'ij,kj->i', 'ij->ji', 'i,j->ij', 'ijk->j'])(
    'einsum %s and its gradient',
    async (equation) => {
      const lengths: Record<string, number> = { a: 2, b: 3, c: 4, d: 5, h: 2, i: 3, j: 7, k: 5, l: 2, q: 3 };
      const terms = (equation.split('->')[0] ?? '').split(',');
      await compare(() => {
        const operands = terms.map((term) => tf.randomNormal([...term].map((axis) => lengths[axis] ?? 1)));
        const value = (...inputs: tf.Tensor[]) => tf.einsum(equation, ...inputs);
        if (terms.length === 3) return [value(...operands)];
        return [value(...operands), ...tf.grads((...inputs) => tf.square(value(...inputs)).sum())(operands)];
      });
    },
  );

  it('einsum of three operands, which tfjs has on no backend', () => {
    const [a, b, c] = [tf.randomNormal([3, 5]), tf.randomNormal([5, 7]), tf.randomNormal([7, 2])];
    const chain = tf.matMul(tf.matMul(a, b), c).dataSync();
    const ours = tf.einsum('ij,jk,kl->il', a, b, c).dataSync();
    chain.forEach((value, i) => expect(ours[i]).toBeCloseTo(value, 4));
  });

  it('embedding gradients', async () => {
    await compare(() => {
      const ids = tf.tensor2d(
        [
          [3, 1, 3],
          [0, 3, 6],
        ],
        undefined,
        'int32',
      );
      const table = tf.randomNormal([7, 5]);
      return tf.grads((weights) => tf.gather(weights as tf.Tensor2D, ids))([table], tf.randomNormal([2, 3, 5]));
    });
  });
});
