import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { BatchOrder } from '../../shared/data/batch-order.js';
import { useBestBackend } from '../../shared/engine/tfjs/backend.js';
import { adam, sgd } from '../../shared/engine/optimizer.js';
import { buildModel } from '../../shared/model/build.js';
import { hashWeights, toTensor } from '../../shared/model/weights.js';
import { findTask } from '../../shared/tasks/find-task.js';
import { UndividedModel } from '../../simulator/undivided.js';
import { madeUpDigits } from '../helpers/digits.js';

beforeAll(() => useBestBackend());

const { train } = madeUpDigits(200);

describe('the oracle', () => {
  it.each([
    ['sgd', sgd(0.03), () => tf.train.sgd(0.03)],
    ['adam', adam(0.004), () => tf.train.adam(0.004, 0.9, 0.999, 1e-7)],
  ] as const)('is what LayersModel.trainOnBatch gives with %s', async (_name, optimizer, plain) => {
    const task = { ...findTask('mnist'), optimizer };
    const oracle = await UndividedModel.create(task, 21);
    const model = await buildModel(task, 21);
    model.compile({ optimizer: plain(), loss: (labels, outputs) => tf.losses.softmaxCrossEntropy(labels, outputs) });
    const order = new BatchOrder({ size: train.size, batch: 41, seed: 21, client: 0 });
    for (let step = 0; step < 7; step++) {
      const batch = await train.batch(order.rows(step));
      await oracle.step(batch, step);
      const [x, y] = [batch.inputs.map(toTensor)[0], batch.labels.map(toTensor)[0]];
      await model.trainOnBatch(x as tf.Tensor, tf.oneHot(y as tf.Tensor1D, 10));
    }
    const { values, names } = await oracle.weights();
    const others = model.layers.flatMap((layer) => layer.getWeights().map((weight) => weight.dataSync()));
    expect(names).toContain('conv2/1');
    expect(values.map((value) => value.data)).toEqual(others);
    expect(hashWeights(values)).toMatch(/^[0-9a-f]{64}$/);
  });
});
