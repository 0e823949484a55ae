import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { letHeapGrow } from '../cli/heap-growth.js';
import { join } from '../client/node/join.js';
import { serve } from '../server/serve.js';
import { arrayDataset } from '../shared/data/dataset.js';
import { adam } from '../shared/engine/optimizer.js';
import { int32, ndarray, sizeOf } from '../shared/ndarray.js';
import { createRng } from '../shared/rng.js';
import { defineTask } from '../shared/task.js';
import { WeakLink } from './campaigns/weak-link.js';
import { benchNets } from './engine-nets.js';

/**
 * One split run as two processes, on the terms of the PyTorch peer: one client, batch 64, the same random batch again and
 * again, Adam on both sides, samples/s after 15 steps of warm-up. `split-run.js <net> <steps> <engine> [--codec int8] [--megabits 50]` prints it:
 * with the codec both ways, over a link of so many Mbit/s in each direction.
 */
const BATCH = 64;
const WARM_UP = 15;
// As `tandem serve` and `tandem join` do.
letHeapGrow();
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { codec: { type: 'string' }, megabits: { type: 'string' } },
});
const [name = 'lenet', steps = '150', engine = 'auto', url] = positionals;
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
  const { codec, megabits } = values;
  const codecs = codec === undefined ? {} : { codecUp: codec, codecDown: codec };
  // One round: the bottom stays with the client, as in the peer.
  const options = { task, batch: BATCH, steps: total, roundSteps: total, schedule: 'sequential', engine, ...codecs };
  const server = await serve(options);
  const address = new URL(server.url);
  const link = megabits === undefined ? undefined : await WeakLink.open(Number(address.port), Number(megabits) * 1e6);
  if (link) address.port = String(link.port);
  const client = fork(fileURLToPath(import.meta.url), [name, steps, engine, address.href]);
  await Promise.all([server.finished, new Promise((resolve) => client.once('exit', resolve))]);
  link?.close();
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
