import * as tf from '@tensorflow/tfjs';
import { getThreadsCount, setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import type { Engine, Segment, SegmentBatch } from '../shared/engine/engine.js';
import { createOnnxEngine } from '../shared/engine/onnx/onnx-engine.js';
import { createTfjsEngine } from '../shared/engine/tfjs/tfjs-engine.js';
import { fromTensor, toTensor } from '../shared/model/weights.js';
import { benchNets, type BenchNet } from './engine-nets.js';
import { BATCH, BATCHES, batchesFor, segmentOf } from './engine-workload.js';
import { usePlainTfjs } from './plain-tfjs.js';

/** WebAssembly runs slowly until it has been compiled a second time, with optimisation, in the background. */
const WARM_UP_MS = 3000;

/** One step of training: forward, backward, Adam. */
export type Step = () => Promise<void>;

export interface StepMaker {
  /** What it is, for tables. */
  readonly label: string;
  /** On how many threads it says it computes. */
  readonly threads: number;
  step(net: BenchNet): Promise<Step>;
}

/** A contender by its name: an engine of ours, or tfjs as its users have it. `wasmFiles` is where a page finds wasm files. */
export async function stepMaker(name: string, wasmFiles?: string): Promise<StepMaker> {
  const files = wasmFiles === undefined ? {} : { wasmFiles };
  switch (name) {
    case 'onnx-native':
      return ofEngine(await createOnnxEngine({ runtime: 'native', workers: 'never' }));
    case 'onnx-wasm':
      return ofEngine(await createOnnxEngine({ runtime: 'wasm', workers: 'never', ...files }));
    case 'tfjs':
      return { ...ofEngine(await createTfjsEngine(files)), threads: getThreadsCount() };
    case 'tfjs-plain':
      if (wasmFiles !== undefined) setWasmPaths(wasmFiles);
      await usePlainTfjs();
      return { label: 'tfjs (plain wasm)', threads: getThreadsCount(), step: async (net) => plainStep(net) };
    default:
      throw new Error(`unknown contender ${name}`);
  }
}

/** Trains networks by their names for about so many milliseconds at a time, each warmed up before its first. */
export class TimedTraining {
  private readonly steps = new Map<string, Step>();

  constructor(private readonly maker: StepMaker) {}

  async run(name: string, ms: number): Promise<{ readonly samples: number; readonly ms: number }> {
    const net = benchNets.find((candidate) => candidate.name === name);
    if (!net) throw new Error(`unknown net ${name}`);
    const step = this.steps.get(name) ?? (await this.maker.step(net));
    const warmMs = this.steps.has(name) ? ms / 10 : WARM_UP_MS;
    this.steps.set(name, step);
    for (const begin = performance.now(); performance.now() - begin < warmMs;) await step();
    const begin = performance.now();
    let samples = 0;
    for (; performance.now() - begin < ms; samples += BATCH) await step();
    return { samples, ms: performance.now() - begin };
  }
}

function ofEngine(engine: Engine): StepMaker {
  return { label: engine.label, threads: 1, step: async (net) => segmentStep(await segmentOf(engine, net), net) };
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
