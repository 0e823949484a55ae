import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { join } from '../client/node/join.js';
import { serve } from '../server/serve.js';
import { arrayDataset } from '../shared/data/dataset.js';
import { adam } from '../shared/engine/optimizer.js';
import { int32, ndarray, sizeOf } from '../shared/ndarray.js';
import { createRng } from '../shared/rng.js';
import { defineTask } from '../shared/task.js';
import { benchNets } from './engine-nets.js';

/**
 * One split run as two processes, on the terms of the PyTorch peer: one client, batch 64, the same random batch again and
 * again, Adam on both sides, samples/s after 15 steps of warm-up. `split-run.js <net> <steps> <engine>` prints it.
 */
const BATCH = 64;
const WARM_UP = 15;
const [name = 'lenet', steps = '150', engine = 'auto', url] = process.argv.slice(2);
const net = benchNets.find((candidate) => candidate.name === name);
if (!net?.cut) throw new Error(`there is no network '${name}' to split`);

if (url === undefined) {
  const task = defineTask({
    name,
    model: net.model,
    cut: net.cut,
    loss: 'softmaxCrossEntropy',
    optimizer: adam(0.001),
    labels: [{ name: 'class', dtype: 'int32', shape: [], min: 0, max: 9 }],
    metrics: [],
  });
  const total = WARM_UP + Number(steps);
  // One round: the bottom stays with the client, as in the peer.
  const server = await serve({ task, batch: BATCH, steps: total, roundSteps: total, schedule: 'sequential', engine });
  const client = fork(fileURLToPath(import.meta.url), [name, steps, engine, server.url]);
  await Promise.all([server.finished, new Promise((resolve) => client.once('exit', resolve))]);
} else {
  const rng = createRng('split', 1);
  const inputs = ndarray(
    'float32',
    [BATCH, ...net.inputShape],
    Float32Array.from({ length: BATCH * sizeOf(net.inputShape) }, rng.float),
  );
  const labels = int32(
    [BATCH],
    Array.from({ length: BATCH }, () => rng.int(10)),
  );
  let startedMs = 0;
  for await (const { step } of join(url, { data: { train: arrayDataset([inputs], [labels]) }, engine })) {
    if (step === WARM_UP) startedMs = performance.now();
    if (step === WARM_UP + Number(steps)) {
      const seconds = (performance.now() - startedMs) / 1000;
      console.log(JSON.stringify({ samplesPerSecond: (Number(steps) * BATCH) / seconds }));
    }
  }
}
