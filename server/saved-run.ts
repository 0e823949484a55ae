import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { useBestBackend } from '../shared/engine/tfjs/backend.js';
import { TandemError } from '../shared/errors.js';
import type { ClientAccount, RunSummary } from '../shared/events.js';
import { buildModel } from '../shared/model/build.js';
import { readModelWeights, writeModelWeights } from '../shared/model/weights.js';
import { bytesOf, fromBytes } from '../shared/ndarray.js';
import type { Task } from '../shared/task.js';
import type { RunResult } from './run/summarise.js';
import type * as tf from '@tensorflow/tfjs';

/** `run.json` of a saved run; beside it, `weights.bin` holds all weights in the order of `weightsHash`, `bottom-<name>.bin` those of a further bottom. */
export interface SavedRun {
  /** The task's name or file, as it was given. */
  readonly task: string;
  readonly summary: RunSummary;
  readonly clients: readonly ClientAccount[];
}

export async function saveRun(folder: string, task: string, { summary, clients, trained }: RunResult): Promise<void> {
  await mkdir(folder, { recursive: true });
  const saved: SavedRun = { task, summary, clients };
  await writeFile(join(folder, 'weights.bin'), Buffer.concat(trained.weights.map(bytesOf)));
  // The task's further bottoms, each by itself; the model in weights.bin has the task's own.
  for (const [name, weights] of Object.entries(trained.bottoms ?? {})) {
    await writeFile(join(folder, `bottom-${name}.bin`), Buffer.concat(weights.map(bytesOf)));
  }
  await writeFile(join(folder, 'run.json'), `${JSON.stringify(saved, null, 2)}\n`);
}

/** Throws BAD_DATA when the folder holds no saved run. */
export async function readSavedRun(folder: string): Promise<SavedRun> {
  try {
    return JSON.parse(await readFile(join(folder, 'run.json'), 'utf8')) as SavedRun;
  } catch {
    throw new TandemError('BAD_DATA', `${folder} holds no saved run`, 'save one with: tandem simulate --save <folder>');
  }
}

/** The undivided model with the saved weights; the caller disposes it. Throws BAD_DATA when they do not fit the task. */
export async function loadTrainedModel(folder: string, task: Task, { summary }: SavedRun): Promise<tf.LayersModel> {
  const bytes = await readFile(join(folder, 'weights.bin'));
  await useBestBackend();
  const model = buildModel(task, summary.seed);
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
