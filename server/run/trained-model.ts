import type * as tf from '@tensorflow/tfjs';
import { buildModel } from '../../shared/model/build.js';
import type { CutModel } from '../../shared/model/cut.js';
import { hashWeights, mergeWeights, readModelWeights } from '../../shared/model/weights.js';
import type { NdArray } from '../../shared/ndarray.js';
import type { Task } from '../../shared/task.js';

/** The result of training: the undivided model's weights in the documented order, and their hash. */
export interface TrainedWeights {
  readonly weights: readonly NdArray[];
  readonly hash: string;
  /** The weights of the task's further bottoms by name, where clients could choose one; the undivided model has the task's own. */
  readonly bottoms?: Readonly<Record<string, readonly NdArray[]>>;
}

/** A model that was just tested during the run, or the best so far. */
export type TestedModel = TrainedWeights & { readonly which: 'last' | 'best' };

/** Merges the trained segments into an undivided model of the task; the caller disposes it. */
export async function mergeSegments(
  task: Task,
  seed: number,
  specs: CutModel['specs'],
  weights: readonly (readonly NdArray[])[],
): Promise<tf.LayersModel> {
  return mergeWeights(await buildModel(task, seed), specs, weights);
}

export async function trainedWeights(
  task: Task,
  seed: number,
  specs: CutModel['specs'],
  segments: readonly (readonly NdArray[])[],
): Promise<TrainedWeights> {
  const model = await mergeSegments(task, seed, specs, segments);
  const weights = readModelWeights(model);
  model.dispose();
  return { weights, hash: hashWeights(weights) };
}
