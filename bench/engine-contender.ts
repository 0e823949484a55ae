import { createInterface } from 'node:readline';
import * as tf from '@tensorflow/tfjs';
import type { Engine, Segment, SegmentBatch } from '../shared/engine/engine.js';
import { createOnnxEngine } from '../shared/engine/onnx/onnx-engine.js';
import { createTfjsEngine } from '../shared/engine/tfjs/tfjs-engine.js';
import { fromTensor, toTensor } from '../shared/model/weights.js';
import { benchNets, type BenchNet } from './engine-nets.js';
import { BATCH, BATCHES, batchesFor, segmentOf } from './engine-workload.js';
import { usePlainTfjs } from './plain-tfjs.js';

/**
 * One contender of `npm run bench:engine` in a process of its own, since tfjs kernels are global. Reads lines of JSON,
 * `{ net, ms }`, trains for about that long and answers `{ samples, ms }`; the first line it writes is what it is.
 */
const WARM_UP_MS = 3000;

type Step = () => Promise<void>;

async function main(name: string): Promise<void> {
  const { label, trainer } = await contender(name);
  answer({ version: label });
  const steps = new Map<string, Step>();
  for await (const line of createInterface({ input: process.stdin })) {
    const { net: wanted, ms } = JSON.parse(line) as { net: string; ms: number };
    const net = benchNets.find((candidate) => candidate.name === wanted);
    if (!net) throw new Error(`unknown net ${wanted}`);
    const step = steps.get(net.name) ?? (await trainer(net));
    // WebAssembly runs slowly until it has been compiled a second time, with optimisation, in the background.
    const warmMs = steps.has(net.name) ? ms / 10 : WARM_UP_MS;
    steps.set(net.name, step);
    for (const begin = performance.now(); performance.now() - begin < warmMs;) await step();
    const begin = performance.now();
    let samples = 0;
    for (; performance.now() - begin < ms; samples += BATCH) await step();
    answer({ samples, ms: performance.now() - begin });
  }
}

async function contender(name: string): Promise<{ label: string; trainer: (net: BenchNet) => Promise<Step> }> {
  switch (name) {
    case 'onnx-native':
      return segments(await createOnnxEngine({ runtime: 'native', workers: 'never' }));
    case 'onnx-wasm':
      return segments(await createOnnxEngine({ runtime: 'wasm', workers: 'never' }));
    case 'tfjs':
      return segments(await createTfjsEngine());
    case 'tfjs-plain':
      await usePlainTfjs();
      return { label: 'tfjs (plain wasm)', trainer: async (net) => plainStep(net) };
    default:
      throw new Error(`unknown contender ${name}`);
  }
}

function segments(engine: Engine) {
  return { label: engine.label, trainer: async (net: BenchNet) => segmentStep(await segmentOf(engine, net), net) };
}

function segmentStep(segment: Segment, net: BenchNet): Step {
  const batches = batchesFor(net);
  let steps = 0;
  return async () => {
    await segment.forward(batches[steps % BATCHES] as SegmentBatch, steps++);
    await segment.backward();
    await segment.update();
  };
}

/** What a user of tfjs writes: minimize. */
function plainStep(net: BenchNet): Step {
  const model = net.model();
  const tensors = batchesFor(net).map(({ inputs, labels = [] }) => {
    const [x, y] = [...inputs, ...labels].map(toTensor) as [tf.Tensor, tf.Tensor1D];
    return [x, tf.oneHot(y, 10)] as const;
  });
  const trainer = tf.train.adam(0.001);
  let steps = 0;
  return async () => {
    const [x, y] = tensors[steps++ % BATCHES] as (typeof tensors)[number];
    const loss = trainer.minimize(
      () => tf.losses.softmaxCrossEntropy(y, model.apply(x, { training: true }) as tf.Tensor),
      true,
    );
    await fromTensor(loss as tf.Scalar);
    loss?.dispose();
  };
}

function answer(value: object): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

await main(process.argv[2] ?? '');
