import type * as tf from '@tensorflow/tfjs';
import { withSeededRandom } from '../rng.js';
import { cutsOf, type Task } from '../task.js';
import { withStableNames } from './stable-names.js';
import { cutModel, type Cut, type CutModel } from './cut.js';

/** Builds a task's undivided model with the initial weights this seed gives. */
export function buildModel(task: Task, seed: number): tf.LayersModel {
  return withStableNames(withSeededRandom(['weights', seed], () => task.model()));
}

/** Builds a task's model and cuts it, by default where the task says; the undivided model is freed. */
export function buildSegments(task: Task, seed: number, cuts: readonly Cut[] = cutsOf(task)): CutModel {
  const model = buildModel(task, seed);
  try {
    return cutModel(model, cuts);
  } finally {
    model.dispose();
  }
}
