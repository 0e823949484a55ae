import * as tf from '@tensorflow/tfjs';
import { arrayDataset, type ClientData } from '../../shared/data/dataset.js';
import { adam } from '../../shared/engine/optimizer.js';
import { asTandemError, TandemError } from '../../shared/errors.js';
import { float32, int32 } from '../../shared/ndarray.js';
import { createRng, type Rng } from '../../shared/rng.js';
import { defineTask, type Task } from '../../shared/task.js';
import { simulate, type SimulateOptions } from '../../simulator/simulate.js';

/** What a JavaScript caller may write. */
export type Loose = Readonly<Record<string, unknown>>;

/** What differs from a task, data and options that work, and what the refusal has to say: what is wrong, and where. */
export interface Broken {
  readonly task?: Loose;
  readonly data?: Loose;
  readonly options?: Loose;
  readonly says: RegExp;
}

/** Breaks something, each time a little otherwise. */
export type Fault = (rng: Rng, sound: Sound) => Broken;

/** A task that works, of sizes that a seed gives. */
export interface Sound {
  readonly features: number;
  readonly units: number;
  readonly classes: number;
  /** Layers that take `features` numbers: `below`, `middle`, `logits`. */
  readonly below: () => tf.layers.Layer;
  readonly middle: () => tf.layers.Layer;
  readonly logits: () => tf.layers.Layer;
  readonly task: Task;
  readonly data: ClientData;
}

/** One of some values, of any types unless one is given. */
export function pick<T = unknown>(rng: Rng, ...values: readonly NoInfer<T>[]): T {
  return values[rng.int(values.length)] as T;
}

const ROWS = 23;

export function soundTask(rng: Rng): Sound {
  const [features, units, classes] = [2 + rng.int(4), 2 + rng.int(5), 2 + rng.int(3)];
  const dense = (name: string, size: number, more = {}) => tf.layers.dense({ name, units: size, ...more });
  const below = () => dense('below', units, { activation: 'tanh', inputShape: [features] });
  const middle = () => dense('middle', units + 1, { activation: 'relu' });
  const logits = () => dense('logits', classes);
  const task: Task = {
    name: 'sound',
    model: () => tf.sequential({ layers: [below(), middle(), logits()] }),
    cut: 'below',
    loss: 'softmaxCrossEntropy',
    optimizer: adam(0.02),
    labels: [{ name: 'kind', dtype: 'int32', shape: [], min: 0, max: classes - 1 }],
    metrics: ['accuracy'],
    batch: 5,
  };
  const part = () => {
    const values = Array.from({ length: ROWS * features }, () => 2 * rng.float() - 1);
    const kinds = Array.from({ length: ROWS }, () => rng.int(classes));
    return arrayDataset([float32([ROWS, features], values)], [int32([ROWS], kinds)]);
  };
  return { features, units, classes, below, middle, logits, task, data: { train: part(), test: part() } };
}

const HUNG_MS = 20_000;

/** What a run with a fault came to: the refusal, or why it is none. */
export async function outcomeOf(
  name: string,
  fault: Fault,
  seed: number,
): Promise<{ refusal?: TandemError; wrong?: string }> {
  const rng = createRng('broken', name, seed);
  const sound = soundTask(rng);
  const broken = fault(rng, sound);
  const engine = pick<string>(rng, 'tfjs', 'onnx');
  const hung = new AbortController();
  const run = async () => {
    const task = defineTask({ ...sound.task, ...broken.task });
    const data = { ...sound.data, ...broken.data };
    const settings = { clients: 2, steps: 4, engine, transport: 'loopback', signal: hung.signal, ...broken.options };
    return simulate({ task, data, ...settings } as SimulateOptions);
  };
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<'hung'>((resolve) => {
    timer = setTimeout(() => resolve('hung'), HUNG_MS);
  });
  try {
    const ended = await Promise.race([run(), late]);
    return { wrong: ended === 'hung' ? 'it hangs' : 'it is accepted' };
  } catch (error) {
    const refusal = asTandemError(error);
    if (!(error instanceof TandemError)) return { refusal, wrong: `no refusal, but ${stackOf(error)}` };
    if (refusal.code === 'INTERNAL') return { refusal, wrong: `INTERNAL: ${refusal.message}` };
    if (!broken.says.test(`${refusal.message}: ${refusal.action}`))
      return { refusal, wrong: `it does not say ${String(broken.says)}` };
    return { refusal };
  } finally {
    clearTimeout(timer);
    hung.abort();
  }
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message).split('\n').slice(0, 6).join('\n') : String(error);
}
