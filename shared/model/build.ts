import type * as tf from '@tensorflow/tfjs';
import { withSeededRandom } from '../rng.js';
import { cutsOf, type Task } from '../task.js';
import { cutModel, type CutModel } from './cut.js';

/** Builds a task's undivided model with the initial weights this seed gives. */
export function buildModel(task: Task, seed: number): tf.LayersModel {
  return withSeededRandom(['weights', seed], () => task.model());
}

/** Builds a task's model and cuts it; the undivided model is freed. */
export function buildSegments(task: Task, seed: number): CutModel {
  const model = buildModel(task, seed);
  try {
    return cutModel(model, cutsOf(task));
  } finally {
    model.dispose();
  }
}
