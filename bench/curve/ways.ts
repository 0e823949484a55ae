import * as tf from '@tensorflow/tfjs';
import { findTask } from '../../shared/tasks/find-task.js';
import { defineTask, type Task } from '../../shared/task.js';
import type { RunOptions } from '../../shared/config.js';
import { onceAt } from '../once.js';

/** What is compared. */
export interface Comparison {
  readonly ways: readonly WayToTrain[];
  /** By which ways are measured: a metric of their task. */
  readonly metric: 'accuracy' | 'auc';
  readonly clients: number;
}

/** One point of the curve: how a run is trained and what it sends. */
export interface WayToTrain {
  readonly family: Family;
  readonly name: string;
  readonly task: Task;
  readonly options: RunOptions;
}

export type Family = 'split' | 'sent once' | 'fedavg' | 'bottom and head alone';

const lenet = findTask('mnist');
/** Passes over the data, of split and of FedAvg. */
export const EPOCHS = { split: 3, fedavg: 4 } as const;

function split(codecs: { codecUp?: string; codecDown?: string; codecWeights?: string } = {}): WayToTrain {
  const { codecUp = 'fp32', codecDown = 'fp32' } = codecs;
  const options = { schedule: 'splitfed-v2', epochs: EPOCHS.split, ...codecs };
  return {
    family: 'split',
    name: `pool2, ${codecUp} up, ${codecDown} down`,
    task: { ...lenet, cut: 'pool2' },
    options,
  };
}

function once(cut: string, codecUp: string): WayToTrain {
  return {
    family: 'sent once',
    name: `${cut}, ${codecUp}`,
    task: { ...lenet, cut },
    options: { ...onceAt(cut), codecUp },
  };
}

function fedavg(codecWeights?: string, family: Family = 'fedavg', task: Task = lenet): WayToTrain {
  const codec = codecWeights === undefined ? {} : { codecWeights };
  return {
    family,
    name: codecWeights ?? 'fp32',
    task,
    options: { schedule: 'fedavg', epochs: EPOCHS.fedavg, ...codec },
  };
}

/** The layers up to dense1 and a head on them, which is all that clients need if nobody wants the layers between. */
const headAlone: Task = defineTask({
  ...lenet,
  name: 'lenet-dense1-head',
  cut: 'dense1',
  model: () => {
    const { conv2d, maxPooling2d, flatten, dense } = tf.layers;
    return tf.sequential({
      layers: [
        conv2d({ filters: 6, kernelSize: 5, padding: 'same', activation: 'relu', inputShape: [28, 28, 1] }),
        maxPooling2d({ poolSize: 2 }),
        conv2d({ filters: 16, kernelSize: 5, activation: 'relu' }),
        maxPooling2d({ poolSize: 2 }),
        flatten(),
        dense({ name: 'dense1', units: 120, activation: 'relu' }),
        dense({ units: 10 }),
      ],
    });
  },
});

/** Two clients on all of MNIST with the LeNet of the task `mnist`. */
const waysOfLenet: readonly WayToTrain[] = [
  split(),
  split({ codecUp: 'int4+rans', codecDown: 'int4:tensor+rans', codecWeights: 'int8' }),
  split({ codecUp: 'int3:channel+rans', codecDown: 'int3:tensor+rans', codecWeights: 'int8' }),
  split({ codecUp: 'delta+int3:tensor+rans', codecDown: 'int3:tensor+rans', codecWeights: 'int8' }),
  split({ codecUp: 'delta:auto+int3:tensor+rans', codecDown: 'int3:tensor+rans', codecWeights: 'int8' }),
  split({ codecUp: 'int2:channel+rans', codecDown: 'int2:tensor+rans', codecWeights: 'int8' }),
  split({ codecUp: 'correct:0.1+int2:learned+rans', codecDown: 'int2:tensor+rans', codecWeights: 'int8' }),
  split({ codecUp: 'pq:8+rans', codecDown: 'int3:tensor+rans', codecWeights: 'int8' }),
  split({ codecUp: 'correct:0.1+pq:8+rans', codecDown: 'int3:tensor+rans', codecWeights: 'int8' }),
  split({ codecUp: 'correct:1+pq:16+rans', codecDown: 'int4:tensor+rans', codecWeights: 'int8' }),
  split({ codecUp: 'correct:1+pq:32+rans', codecDown: 'int4:tensor+rans', codecWeights: 'int8' }),
  once('dense1', 'int4+rans'),
  once('dense1', 'int3+rans'),
  once('dense1', 'int2+rans'),
  once('pool2', 'int3+rans'),
  fedavg(),
  fedavg('int8+rans'),
  fedavg('int4+rans'),
  fedavg('int8+rans', 'bottom and head alone', headAlone),
];

export const lenetCurve: Comparison = { ways: waysOfLenet, metric: 'accuracy', clients: 2 };

const pairs: readonly (readonly [codecUp: string, codecDown: string])[] = [
  ['fp32', 'fp32'],
  ['int8', 'int8'],
  ['int4+rans', 'int4:tensor+rans'],
  ['int3:channel+rans', 'int3:tensor+rans'],
  ['delta+int3:tensor+rans', 'int3:tensor+rans'],
];

function pairsOf(task: Task, options: RunOptions): readonly WayToTrain[] {
  return pairs.map(([codecUp, codecDown]) => ({
    family: 'split',
    name: `${codecUp} up, ${codecDown} down`,
    task,
    options: { ...options, codecUp, codecDown, codecWeights: codecUp === 'fp32' ? 'fp32' : 'int8' },
  }));
}

/** A residual network of two blocks on MNIST, cut in the middle. */
export const residualCurve: Comparison = {
  ways: pairsOf(findTask('mnist-residual'), { schedule: 'splitfed-v2', epochs: 1 }),
  metric: 'accuracy',
  clients: 2,
};

/** The columns of the census table at three parties, the labels at a fourth. */
export const verticalCurve: Comparison = {
  ways: pairsOf(findTask('adult-vertical'), { topology: 'vertical', epochs: 5 }),
  metric: 'auc',
  clients: 4,
};
