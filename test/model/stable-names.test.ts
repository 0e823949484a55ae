import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import type { Engine } from '../../shared/engine/engine.js';
import { sgd } from '../../shared/engine/optimizer.js';
import { buildModel, buildSegments } from '../../shared/model/build.js';
import { hashWeights, mergeWeights, readModelWeights } from '../../shared/model/weights.js';
import type { Task } from '../../shared/task.js';
import { findTask } from '../../shared/tasks/find-task.js';
import { simulate } from '../../simulator/simulate.js';
import { verify } from '../../simulator/verify.js';
import { madeUpDigits } from '../helpers/digits.js';

const { dense, dropout, flatten } = tf.layers;

/** What a user writes who names only the layer to cut at, if any. */
const unnamed: Task = {
  ...findTask('mnist-mlp'),
  cut: 'dense_Dense1',
  optimizer: sgd(0.05),
  model: () =>
    tf.sequential({
      layers: [
        flatten({ inputShape: [28, 28, 1] }),
        dense({ units: 13, activation: 'relu' }),
        dropout({ rate: 0.3 }),
        dense({ units: 11, activation: 'relu' }),
        dropout({ rate: 0.2 }),
        dense({ units: 10 }),
      ],
    }),
};
const data = madeUpDigits(90);
let engine: Engine;
beforeAll(async () => {
  engine = await chooseEngine('tfjs');
});

describe('a model whose layers have no names', () => {
  it('has the same names at every build, and no tensors are left behind', async () => {
    const names = async () => {
      const model = await buildModel(unnamed, 3);
      const all = model.layers.filter((layer) => layer.getClassName() !== 'InputLayer').map((layer) => layer.name);
      model.dispose();
      return all;
    };
    const first = await names();
    const before = tf.memory().numTensors;
    expect(await names()).toEqual(first);
    expect(tf.memory().numTensors).toBe(before);
    expect(first.slice(-2)).toEqual(['dropout_Dropout2', 'dense_Dense3']);
  });

  it('is cut, merged and hashed like any other', async () => {
    const { specs, weights } = await buildSegments(unnamed, 3);
    const merged = mergeWeights(await buildModel(unnamed, 4), specs, weights);
    expect(hashWeights(readModelWeights(merged))).toBe(hashWeights(readModelWeights(await buildModel(unnamed, 3))));
  });

  it('trains as the undivided one does, with the same dropout', async () => {
    const result = await verify({ task: unnamed, dataset: data.train, engine, steps: 5, batch: 17, seed: 3 });
    expect(result.identical).toBe(true);
  });

  it('ends a run with the same weights twice', async () => {
    const run = () =>
      simulate({ task: unnamed, data, clients: 2, steps: 6, batch: 17, transport: 'loopback', loadedEngine: engine });
    expect((await run()).summary.weightsHash).toBe((await run()).summary.weightsHash);
  });
});
