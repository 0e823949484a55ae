import type * as tf from '@tensorflow/tfjs';
import { TandemError } from '../errors.js';
import { checkMetrics } from '../metrics/metrics.js';
import { withSeededRandom } from '../rng.js';
import { cutsOf, type Task } from '../task.js';
import { findTopology, placeSegments, type Placement } from '../topologies.js';
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

/** A task's model, cut and placed as a topology says. Throws BAD_OPTION when the task has too few cuts for it. */
export function buildPlaced(
  task: Task,
  { seed, topology: name }: { readonly seed: number; readonly topology: string },
): { readonly cut: CutModel; readonly placement: Placement } {
  const topology = findTopology(name);
  const cuts = cutsOf(task, name);
  if (cuts.length < topology.leastCuts) {
    const model = buildModel(task, seed);
    const upper = model.layers.at(-2)?.name ?? 'upper';
    model.dispose();
    throw new TandemError(
      'BAD_OPTION',
      `topology '${name}' needs ${topology.leastCuts} cuts, task '${task.name}' has ${cuts.length}`,
      `give them from the bottom up, such as --cut ${task.cut},${upper}, or write cuts: { '${name}': ... } in the task`,
    );
  }
  const cut = buildSegments(task, seed, cuts);
  const placement = placeSegments(topology, cut.specs.length);
  if (placement.loss === 'client' && typeof task.loss === 'function') {
    throw new TandemError(
      'BAD_OPTION',
      `topology '${name}' computes the loss at the clients, and a loss of your own cannot be sent to them`,
      'use a named loss, or --topology vanilla',
    );
  }
  return { cut, placement };
}
