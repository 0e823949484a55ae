import * as tf from '@tensorflow/tfjs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadMnist } from '../client/node/data/mnist.js';
import { join as joinRun } from '../client/node/join.js';
import { predict } from '../client/node/predict.js';
import { exportModel } from '../server/export-model.js';
import type { RunResult } from '../server/run/summarise.js';
import { loadTrainedModel } from '../server/saved-model.js';
import { readSavedRun, saveRun } from '../server/saved-run.js';
import { serve } from '../server/serve.js';
import { refusalOf } from '../shared/combinations.js';
import { consecutiveBatches } from '../shared/data/batch-order.js';
import { limited, type Dataset } from '../shared/data/dataset.js';
import { chooseEngine } from '../shared/engine/choose-engine.js';
import { useBestBackend } from '../shared/engine/tfjs/backend.js';
import { adam } from '../shared/engine/optimizer.js';
import { toTensor } from '../shared/model/weights.js';
import type { NdArray } from '../shared/ndarray.js';
import { findSchedule, scheduleNames } from '../shared/schedules.js';
import { defineTask, type Task } from '../shared/task.js';
import { findTopology } from '../shared/topologies.js';
import { simulate } from '../simulator/simulate.js';
import { momenta, withAverages, type AveragesBench, type AveragesRun } from './averages-render.js';
import { machine } from './measuring.js';
import { root, writeResult } from './results.js';
import { fromFolder } from '../server/from-folder.js';

/**
 * `npm run bench:averages`: a net with batch normalisation, with tfjs's momentum of 0.99 and with 0.9, in a run so short that averages of the
 * former still hold half of what they began with; under every schedule, at evaluation, exported, predicting, and gone on with after the server
 * has stopped half-way. Writes bench/results/averages.json and the table in docs/. About ten minutes. With schedules named, tries those alone and
 * writes nothing.
 */
const SEEDS = [1, 2, 3];
const size = { clients: 4, epochs: 2 };
const QUERY_ROWS = 32;
const EXPORT_ROWS = 500;
const HALF_THE_STEPS = 100;
const page = new URL('docs/tasks.md', root);

await useBestBackend();
const loadedEngine = await chooseEngine('auto');
const mnist = await loadMnist();
const data = { train: limited(mnist.train, 4000), test: mnist.test ?? mnist.train };
const named = process.argv.slice(2);
const possible = scheduleNames.filter((name) => !refusalOf(findTopology('vanilla'), findSchedule(name)));
const schedules = named.length > 0 ? possible.filter((name) => named.includes(name)) : possible;

const runs: AveragesRun[] = [];
for (const schedule of schedules) {
  for (const momentum of Object.values(momenta)) {
    const task = normalised(momentum);
    const results: RunResult[] = [];
    for (const seed of SEEDS) results.push(await simulate({ task, data, loadedEngine, schedule, seed, ...size }));
    const exported: number[] = [];
    for (const result of results) exported.push(await accuracyExported(task, result));
    const served: Served[] = [];
    if (momentum === momenta.usual && findSchedule(schedule).clients !== 'none') {
      for (const seed of SEEDS) served.push(await servedTwice(task, schedule, seed));
    }
    // Where all share a lane and nobody waits, steps come in another order each time, and there is nothing to compare.
    const { lanes, order } = findSchedule(schedule);
    const isRepeated = lanes !== 'shared' || order !== 'arrival';
    const run = {
      schedule,
      momentum,
      evaluated: results.map(({ summary }) => summary.testAccuracy ?? NaN),
      exported,
      predicted: served.length > 0 ? served.map(({ accuracy }) => accuracy) : null,
      resumedAlike:
        served.length > 0 && isRepeated
          ? served.filter(({ weightsHash }, i) => weightsHash === results[i]?.summary.weightsHash).length
          : null,
    };
    runs.push(run);
    process.stderr.write(`${JSON.stringify(run)}\n`);
  }
}
const bench: AveragesBench = {
  date: new Date().toISOString().slice(0, 10),
  machine: machine(),
  engine: loadedEngine.label,
  seeds: SEEDS,
  testSamples: data.test.size,
  runs,
};
if (named.length === 0) {
  await writeResult('averages', bench);
  await writeFile(page, withAverages(await readFile(page, 'utf8'), bench));
}

function normalised(momentum: number): Task {
  const L = tf.layers;
  const convolution = (name: string, filters: number, more = {}) =>
    L.conv2d({ name, filters, kernelSize: 3, strides: 2, useBias: false, ...more });
  return defineTask({
    ...{ name: 'averages', cut: 'relu1', loss: 'softmaxCrossEntropy', optimizer: adam(0.003), batch: 32 },
    labels: [{ name: 'digit', dtype: 'int32', shape: [], min: 0, max: 9 }],
    metrics: ['accuracy'],
    model: () =>
      tf.sequential({
        layers: [
          convolution('conv1', 8, { inputShape: [28, 28, 1] }),
          L.batchNormalization({ name: 'norm1', momentum }),
          L.activation({ name: 'relu1', activation: 'relu' }),
          convolution('conv2', 16),
          L.batchNormalization({ name: 'norm2', momentum }),
          L.activation({ name: 'relu2', activation: 'relu' }),
          L.flatten({ name: 'flat' }),
          L.dense({ name: 'logits', units: 10 }),
        ],
      }),
  });
}

/** The run saved, exported and loaded again, in plain tfjs. */
async function accuracyExported(task: Task, result: RunResult): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'tandem-averages-'));
  await saveRun(folder, task.name, result);
  const trained = await loadTrainedModel(folder, task, await readSavedRun(folder));
  await exportModel(trained, join(folder, 'model'));
  trained.dispose();
  const model = await tf.loadLayersModel(fromFolder(join(folder, 'model')));
  await rm(folder, { recursive: true });
  const right = await countRight(data.test, EXPORT_ROWS, async (inputs) => {
    const answer = tf.tidy(() => model.predict(inputs.map(toTensor)) as tf.Tensor);
    const logits = await answer.data();
    answer.dispose();
    return logits;
  });
  model.dispose();
  return right / data.test.size;
}

interface Served {
  readonly weightsHash: string;
  /** As `tandem predict` asks a server that has trained. */
  readonly accuracy: number;
}

/** The run over links, with a server that stops half-way and goes on from what it wrote down, and is then asked for predictions. */
async function servedTwice(task: Task, schedule: string, seed: number): Promise<Served> {
  const state = await mkdtemp(join(tmpdir(), 'tandem-averages-'));
  const options = { task, schedule, seed, ...size, state, loadedEngine, keepServing: true, dashboard: false };
  const first = await serve(options);
  first.finished.catch(() => undefined);
  let steps = 0;
  let halfWay: () => void = () => undefined;
  const half = new Promise<void>((resolve) => (halfWay = resolve));
  const clients = Array.from({ length: size.clients }, async (_, client) => {
    for await (const _ of joinRun(first.url, { data, shard: [client, size.clients] })) {
      if (++steps === HALF_THE_STEPS) halfWay();
    }
  });
  await half;
  await first.drain();
  const server = await serve({ ...options, port: first.port });
  await Promise.all(clients);
  const { summary } = await server.finished;
  const accuracy = await accuracyPredicted(server.url);
  await server.close();
  await rm(state, { recursive: true });
  return { weightsHash: summary.weightsHash, accuracy };
}

async function accuracyPredicted(url: string): Promise<number> {
  const asked = [...consecutiveBatches(data.test.size, QUERY_ROWS)];
  const labels: NdArray[][] = [];
  async function* questions() {
    for (const rows of asked) {
      const batch = await data.test.batch(rows);
      labels.push(batch.labels);
      yield { inputs: batch.inputs, labels: [] };
    }
  }
  let right = 0;
  let at = 0;
  for await (const { outputs } of predict(url, questions())) {
    right += rightOf(outputs[0]?.data ?? [], labels[at++]?.[0]?.data ?? []);
  }
  return right / data.test.size;
}

async function countRight(
  dataset: Dataset,
  rows: number,
  logitsOf: (inputs: NdArray[]) => Promise<ArrayLike<number>>,
): Promise<number> {
  let right = 0;
  for (const part of consecutiveBatches(dataset.size, rows)) {
    const { inputs, labels } = await dataset.batch(part);
    right += rightOf(await logitsOf(inputs), labels[0]?.data ?? []);
  }
  return right;
}

/** How many rows of logits are highest at their label. */
function rightOf(logits: ArrayLike<number>, labels: ArrayLike<number>): number {
  const classes = logits.length / labels.length;
  return Array.from(labels).filter((label, row) => {
    const own = logits[row * classes + label] ?? NaN;
    return Array.from({ length: classes }, (_, i) => logits[row * classes + i] ?? NaN).every((value) => value <= own);
  }).length;
}
