import type * as tf from '@tensorflow/tfjs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { useBestBackend } from '../shared/engine/tfjs/backend.js';
import { TandemError } from '../shared/errors.js';
import { buildModel } from '../shared/model/build.js';
import { readModelWeights, writeModelWeights } from '../shared/model/weights.js';
import { fromBytes } from '../shared/ndarray.js';
import type { Task } from '../shared/task.js';
import { withFile } from '../storage/file-trouble.js';
import type { SavedRun } from './saved-run.js';

/** The undivided model with the saved weights; the caller disposes it. Throws CANNOT_READ, and BAD_DATA when they do not fit the task. */
export async function loadTrainedModel(
  folder: string,
  task: Task,
  { summary }: { readonly summary: Pick<SavedRun['summary'], 'seed'> },
): Promise<tf.LayersModel> {
  const path = join(folder, 'weights.bin');
  const bytes = await withFile('read', { path }, () => readFile(path));
  await useBestBackend();
  const model = await buildModel(task, summary.seed);
  const shapes = readModelWeights(model);
  const expected = shapes.reduce((sum, weight) => sum + weight.data.byteLength, 0);
  if (bytes.length !== expected) {
    model.dispose();
    throw new TandemError(
      'BAD_DATA',
      `${folder}/weights.bin has ${bytes.length} bytes, task '${task.name}' needs ${expected}`,
    );
  }
  let at = 0;
  const weights = shapes.map(({ dtype, shape, data }) =>
    fromBytes(dtype, shape, bytes.subarray(at, (at += data.byteLength))),
  );
  writeModelWeights(model, weights);
  return model;
}
