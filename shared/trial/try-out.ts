import type * as tf from '@tensorflow/tfjs';
import { useBestBackend } from '../engine/tfjs/backend.js';
import { TandemError } from '../errors.js';
import { checkedLabels } from '../model/check-labels.js';
import type { CutModel } from '../model/cut.js';
import { forwardMultiplyAdds } from '../model/compute-cost.js';
import type { Loss } from '../model/loss.js';
import type { NdArray } from '../ndarray.js';
import type { Task } from '../task.js';
import { refuseDifference } from './compare.js';
import { runParts } from './run-parts.js';
import { runWhole } from './run-whole.js';
import { sampleOf } from './sample.js';
import { tryLossOfSeveral } from './try-loss.js';

/** What a trial is about. */
export interface Trial {
  /** As messages call it: `task 'mnist'`. */
  readonly what: string;
  readonly model: tf.LayersModel;
  readonly cut: CutModel;
  /** Without one the gradients begin with ones at the outputs. */
  readonly loss?: Loss;
}

/** One batch that a trial computes with. */
export interface TrialBatch {
  readonly inputs: readonly NdArray[];
  /** None where there is no loss. */
  readonly labels: readonly NdArray[];
}

/**
 * Multiply-adds up to which two samples cost next to nothing in plain JavaScript, and batch normalisation has something to normalise. Above, it
 * is one, and tfjs's wasm is worth the time to load it: LeNet-5 takes 0.16 s of CPU with that and 0.48 s without.
 */
const TINY = 100_000;
/** What wasm does within a second: a larger model is not tried out. */
const MOST = 60_000_000;
/** Lengths tried for dimensions that are open: some layers need a few steps. */
const LENGTHS = [6, 24, 96];

/** Tries a task's model out, before anybody joins. Throws BAD_MODEL, BAD_CUT or BAD_OPTION. */
export function tryOut(task: Task, model: tf.LayersModel, cut: CutModel): Promise<void> {
  const labels = checkedLabels(task, cut.specs.at(-1)?.outputs ?? []);
  return tryTrial({ what: `task '${task.name}'`, model, cut, loss: task.loss }, labels);
}

/**
 * Runs a model and its parts once on the same numbers in training mode. Throws BAD_MODEL with the name of the layer that cannot
 * be trained, or that computes something else after the cut; BAD_OPTION where the loss does not return one finite number.
 */
export async function tryTrial(trial: Trial, labels: Task['labels'] = []): Promise<void> {
  refuseConstraints(trial.model);
  const cost = forwardMultiplyAdds(trial.model);
  if (cost > MOST) return;
  if (cost > TINY) await useBestBackend();
  const batch = await wholeRun(trial, labels, cost > TINY ? 1 : 2);
  refuseLossOfSeveral(trial, batch);
  const parts = await runParts(trial, batch.batch);
  await refuseDifference(trial, batch.batch, batch.run, parts);
}

/** Not where the model takes batches of one size only. */
function refuseLossOfSeveral({ what, model, loss }: Trial, { batch, run }: Awaited<ReturnType<typeof wholeRun>>): void {
  const isOpen = model.inputs.every(({ shape }) => shape[0] === null);
  if (typeof loss === 'function' && isOpen) tryLossOfSeveral(what, loss, batch.labels, run.outputs);
}

async function wholeRun({ model, cut, loss, what }: Trial, labels: Task['labels'], wanted: number) {
  const inputs = cut.specs[0]?.inputs ?? [];
  const rows = model.inputs[0]?.shape[0] ?? wanted;
  const isOpen = inputs.some(({ shape }) => shape.includes(null));
  const lengths = isOpen ? LENGTHS : LENGTHS.slice(0, 1);
  let failure: unknown;
  for (const length of lengths) {
    const batch: TrialBatch = {
      inputs: inputs.map((spec) => sampleOf(spec, rows, length)),
      labels: loss === undefined ? [] : labels.map((spec) => sampleOf(spec, rows, length)),
    };
    try {
      return { batch, run: await runWhole(what, model, batch, loss) };
    } catch (error) {
      failure ??= error;
      if (error instanceof TandemError && error.code === 'BAD_OPTION') throw error;
    }
  }
  throw failure;
}

/** tfjs applies a constraint to values that are set, not to those it trains: it would be dropped without a word. */
function refuseConstraints(model: tf.LayersModel): void {
  for (const layer of model.layers) {
    const bound = layer.trainableWeights.find((weight) => (weight as { constraint?: unknown }).constraint);
    if (!bound) continue;
    throw new TandemError(
      'BAD_MODEL',
      `layer '${layer.name}' (${layer.getClassName()}) has a constraint on its weight '${bound.originalName}', which training would not keep`,
      'leave the constraint out',
    );
  }
}
