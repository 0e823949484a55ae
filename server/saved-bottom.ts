import * as tf from '#tfjs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TandemError } from '../shared/errors.js';
import { withFile } from '../storage/file-trouble.js';
import { cutModel } from '../shared/model/cut.js';
import { buildFurtherBottoms } from '../shared/model/further-bottoms.js';
import { openModel } from '../shared/model/open-model.js';
import type { SegmentSpec } from '../shared/model/segment-spec.js';
import { withoutStart } from '../shared/model/start-shares.js';
import { writeSegmentWeights } from '../shared/model/weights.js';
import { fromBytes, type NdArray } from '../shared/ndarray.js';
import { cutsOf, type Task } from '../shared/task.js';
import { loadTrainedModel } from './saved-model.js';
import type { SavedRun } from './saved-run.js';

/**
 * A saved run's undivided model with one of the task's further bottoms below the first cut; the caller disposes it. Throws BAD_OPTION when the task
 * has none of that name, CANNOT_READ when the folder does not hold it.
 */
export async function loadWithBottom(
  folder: string,
  task: Task,
  saved: SavedRun,
  name: string,
): Promise<tf.LayersModel> {
  const { seed, topology } = saved.summary;
  const own = await loadTrainedModel(folder, task, saved);
  const { specs, weights } = cutModel(own, cutsOf(task, topology));
  own.dispose();
  const [below] = specs;
  const bottoms = below ? await buildFurtherBottoms(task, seed, below) : [];
  const bottom = bottoms.find((candidate) => candidate.name === name);
  if (!bottom) {
    const names = bottoms.map((candidate) => candidate.name).join(', ');
    const what = `task '${task.name}' has no further bottom '${name}'`;
    throw new TandemError('BAD_OPTION', what, names ? `choose one of: ${names}` : 'leave --bottom out');
  }
  const values = await readWeights(join(folder, `bottom-${name}.bin`), bottom.weights);
  const chain = [
    await openSegment(bottom.spec, values),
    ...(await Promise.all(specs.slice(1).map((spec) => openSegment(spec, weights[spec.index] ?? [])))),
  ];
  const [lowest, ...above] = chain;
  if (!lowest) throw new TandemError('INTERNAL', 'the model has no segments');
  let tensors = lowest.outputs;
  for (const segment of above) tensors = [segment.apply(tensors) as tf.SymbolicTensor | tf.SymbolicTensor[]].flat();
  return tf.model({ name: `${task.name}_${name}`, inputs: lowest.inputs, outputs: tensors });
}

/**
 * One segment of a run's model, counted from 0 at the bottom, and how many there are; the whole is disposed. Throws BAD_OPTION for one
 * that the run did not have.
 */
export async function loadSegment(
  whole: tf.LayersModel,
  task: Task,
  { summary }: SavedRun,
  index: number,
): Promise<[model: tf.LayersModel, of: number]> {
  const { specs, weights } = cutModel(whole, cutsOf(task, summary.topology));
  whole.dispose();
  const spec = specs[index];
  if (!spec) {
    const what = `there is no segment ${index}: task '${task.name}' has ${specs.length} under '${summary.topology}'`;
    throw new TandemError('BAD_OPTION', what, `choose one from 0 to ${specs.length - 1}`);
  }
  return [await openSegment(spec, weights[index] ?? []), specs.length];
}

/** A segment as a model of its own, with weights as they are sent; the caller disposes it. */
async function openSegment(spec: SegmentSpec, weights: readonly NdArray[]): Promise<tf.LayersModel> {
  const model = await openModel(spec);
  model.name = `segment${spec.index}`;
  writeSegmentWeights(model, spec, withoutStart(spec.weights, weights));
  return model;
}

async function readWeights(file: string, like: readonly NdArray[]): Promise<NdArray[]> {
  const bytes = await withFile('read', { path: file }, () => readFile(file));
  const expected = like.reduce((sum, { data }) => sum + data.byteLength, 0);
  if (bytes.length !== expected) {
    throw new TandemError('BAD_DATA', `${file} has ${bytes.length} bytes, the task's bottom needs ${expected}`);
  }
  let at = 0;
  return like.map(({ dtype, shape, data }) => fromBytes(dtype, shape, bytes.subarray(at, (at += data.byteLength))));
}
