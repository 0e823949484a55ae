import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { useBestBackend } from '../../shared/engine/tfjs/backend.js';
import { registerEinsumGradient } from '../../shared/engine/tfjs/kernels/register.js';
import { tileGradient } from '../../shared/engine/tfjs/kernels/tile-gradient.js';

beforeAll(async () => {
  await useBestBackend();
  registerEinsumGradient();
});

test('max pooling sends the gradient of windows without a positive number to their maxima', async () => {
  const x = tf.tensor4d([-7, -3, -5, -2, 0, 0, -4, -9], [1, 2, 4, 1]);
  const gradient = tf.grad((image: tf.Tensor) => tf.maxPool(image as tf.Tensor4D, 2, 2, 'valid').mul([[[[3], [5]]]]))(
    x,
  );
  expect(Array.from(await gradient.data())).toEqual([0, 0, 0, 5, 3, 0, 0, 0]);
});

test('max pooling of volumes knows windows that are no cubes', async () => {
  const x = tf.randomNormal<tf.Rank.R5>([1, 3, 4, 3, 1], 0, 1, 'float32', 7);
  const total = (volume: tf.Tensor) =>
    tf.sum(tf.square(tf.maxPool3d(volume as tf.Tensor5D, [2, 3, 1], [1, 2, 1], 'same')));
  const gradient = await tf.grad(total)(x).data();
  const values = x.dataSync();
  values.forEach((_, place) => {
    const at = (by: number) => {
      const moved = values.slice();
      moved[place] = (moved[place] ?? 0) + by;
      return total(tf.tensor(moved, x.shape)).dataSync()[0] ?? NaN;
    };
    expect(gradient[place]).toBeCloseTo((at(0.002) - at(-0.002)) / 0.004, 1);
  });
});

test.each([
  ['ij,jk->ik', [2, 3], [3, 5]],
  ['bij,bkj->bik', [2, 3, 4], [2, 5, 4]],
  ['ij,k->i', [2, 3], [4]],
])('einsum has a gradient: %s', async (equation, left, right) => {
  const a = tf.randomUniform(left, -1, 2, 'float32', 11);
  const b = tf.randomUniform(right, -1, 2, 'float32', 13);
  const [da, db] = tf.grads((x: tf.Tensor, y: tf.Tensor) => tf.einsum(equation, x, y).square())([a, b]) as [
    tf.Tensor,
    tf.Tensor,
  ];
  const value = (x: tf.Tensor, y: tf.Tensor) => tf.einsum(equation, x, y).square().sum().dataSync()[0] ?? NaN;
  // A central difference in one element of each operand.
  const nudge = (tensor: tf.Tensor, by: number) => {
    const data = Float32Array.from(tensor.dataSync());
    data[1] = (data[1] ?? 0) + by;
    return tf.tensor(data, tensor.shape);
  };
  const slopeA = (value(nudge(a, 0.01), b) - value(nudge(a, -0.01), b)) / 0.02;
  const slopeB = (value(a, nudge(b, 0.01)) - value(a, nudge(b, -0.01))) / 0.02;
  expect((await da.data())[1]).toBeCloseTo(slopeA, 1);
  expect((await db.data())[1]).toBeCloseTo(slopeB, 1);
});

test.each([
  [
    [2, 3],
    [3, 1],
  ],
  [
    [1, 3],
    [5, 2],
  ],
  [
    [2, 1, 1],
    [1, 3, 2],
  ],
])('tile has the gradient that tfjs gives it: %j by %j', async (shape, reps) => {
  const x = tf.randomUniform(shape, -1, 2, 'float32', 17);
  const scale = tf.randomUniform(
    shape.map((length, axis) => length * (reps[axis] ?? 1)),
    -1,
    2,
    'float32',
    19,
  );
  // Nothing here has registered ours.
  const expected = tf.grad((tensor: tf.Tensor) => tf.tile(tensor, reps).mul(scale))(x);
  const found = tileGradient(scale, shape, reps);
  expect(found.shape).toEqual(shape);
  const values = await expected.data();
  (await found.data()).forEach((value, i) => expect(value).toBeCloseTo(values[i] ?? NaN, 5));
});
