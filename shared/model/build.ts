import type * as tf from '@tensorflow/tfjs';
import { checkMetrics } from '../metrics/metrics.js';
import { withSeededRandom } from '../rng.js';
import { cutsOf, type Task } from '../task.js';
import { withStableNames } from './stable-names.js';
import { cutModel, type Cut, type CutModel } from './cut.js';

/** Builds a task's undivided model with the initial weights this seed gives. */
export function buildModel(task: Task, seed: number): tf.LayersModel {
  return withStableNames(withSeededRandom(['weights', seed], () => task.model()));
}

/** Builds a task's model and cuts it, by default where the task says; the undivided model is freed. Throws
 * BAD_OPTION for a metric that does not suit the model. */
export function buildSegments(task: Task, seed: number, cuts: readonly Cut[] = cutsOf(task)): CutModel {
  const model = buildModel(task, seed);
  try {
    const cut = cutModel(model, cuts);
    checkMetrics(task.metrics, cut.specs.at(-1)?.outputs[0]?.shape ?? []);
    return cut;
  } finally {
    model.dispose();
  }
}
