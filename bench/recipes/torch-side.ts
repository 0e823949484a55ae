import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { openTask } from '../../cli/own/decide.js';
import type { Dataset } from '../../shared/data/dataset.js';
import { buildModel } from '../../shared/model/build.js';
import { answerOf } from '../../shared/preparation/answer.js';
import { root } from '../results.js';

/** What PyTorch made of the same network and rows. */
export interface TorchRun {
  readonly version: string;
  readonly weights: number;
  /** The figure after the epoch whose test loss was least, as `tandem train` chooses its model. */
  readonly figure: number;
  readonly bestEpoch: number;
  readonly trainRows: number;
  readonly testRows: number;
}

interface TorchAnswer {
  readonly version: string;
  readonly weights: number;
  readonly epochs: readonly { readonly testLoss: number; readonly figure: number }[];
}

/** Trains the network of a run's folder with PyTorch, on the rows of its clients together, as encoded there. */
export async function trainByTorch(folder: string, seed: number, epochs: number): Promise<TorchRun> {
  const { task, data, preparation } = await openTask(folder);
  if (!data.test) throw new Error(`${folder} has no rows to test on`);
  const model = await buildModel(task, seed);
  const topology: unknown = model.toJSON(null, false);
  const ownWeights = model.countParams();
  model.dispose();
  const job = await mkdtemp(join(tmpdir(), 'tandem-torch-'));
  try {
    const shape = await writeRows(job, 'train', data.train);
    await writeRows(job, 'test', data.test);
    const isNumber = answerOf(preparation).kind === 'number';
    const { batch, optimizer } = task;
    const { learningRate = NaN } = [optimizer].flat()[0] ?? {};
    await writeFile(
      join(job, 'job.json'),
      JSON.stringify({ topology, shape, isNumber, seed, batch, epochs, learningRate }),
    );
    const answer = await askTorch(job);
    if (answer.weights !== ownWeights)
      throw new Error(`PyTorch's network has ${answer.weights} weights, Tandem's ${ownWeights}`);
    const least = Math.min(...answer.epochs.map(({ testLoss }) => testLoss));
    const best = answer.epochs.findIndex(({ testLoss }) => testLoss === least);
    return {
      version: answer.version,
      weights: answer.weights,
      figure: answer.epochs[best]?.figure ?? NaN,
      bestEpoch: best + 1,
      trainRows: data.train.size,
      testRows: data.test.size,
    };
  } finally {
    await rm(job, { recursive: true });
  }
}

async function askTorch(job: string): Promise<TorchAnswer> {
  const python = fileURLToPath(new URL('bench/recipes-torch.py', root));
  const running = promisify(execFile)('/usr/bin/python3', [python, job], { maxBuffer: 1e8 });
  running.child.stderr?.pipe(process.stderr, { end: false });
  const { stdout } = await running;
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as TorchAnswer;
}

/** Encoded rows as raw numbers; answers the shape of one. */
async function writeRows(job: string, part: string, rows: Dataset): Promise<readonly number[]> {
  const { inputs, labels } = await rows.batch(Array.from({ length: rows.size }, (_, row) => row));
  const [input] = inputs;
  if (!input || inputs.length !== 1) throw new Error(`the rows have ${inputs.length} inputs`);
  await writeFile(join(job, `${part}-x.f32`), Float32Array.from(input.data));
  await writeFile(join(job, `${part}-y.f64`), Float64Array.from(labels[0]?.data ?? []));
  return input.shape.slice(1);
}
