import * as tf from '@tensorflow/tfjs';
import type { Engine, Segment, SegmentOptions } from '../../shared/engine/engine.js';
import { momentum, type OptimizerSpec } from '../../shared/engine/optimizer.js';
import { TfjsSegment } from '../../shared/engine/tfjs/tfjs-segment.js';
import type { SegmentSpec } from '../../shared/model/segment-spec.js';
import { readSegmentWeights, weightSpecs } from '../../shared/model/weights.js';
import { ndarray, sizeOf, type NdArray } from '../../shared/ndarray.js';
import { createRng, withSeededRandom, type Rng } from '../../shared/rng.js';
import type { EngineCase, LossCase } from './engine-cases.js';

/** What is compared: every array a training run shows, by name. */
export type Trail = Map<string, NdArray>;

export const reference: Engine = {
  name: 'reference',
  label: 'tfjs (cpu)',
  notice: undefined,
  segment: (options) => TfjsSegment.create(options),
};

/** A whole model as one segment in the middle of a network, so that its inputs have gradients. */
export function optionsFor(
  test: Pick<EngineCase, 'model'>,
  seed: number,
  optimizer: OptimizerSpec = momentum(0.05, 0.8),
): SegmentOptions {
  const model = withSeededRandom(['conformance', seed], test.model);
  const spec: SegmentSpec = {
    index: 1,
    of: 3,
    topology: JSON.stringify(model.toJSON(null, false)),
    inputs: model.inputs.map(({ name, shape }) => ({ name, dtype: 'float32' as const, shape: shape.slice(1) })),
    outputs: model.outputs.map(({ name, shape }) => ({ name, dtype: 'float32' as const, shape: shape.slice(1) })),
    weights: weightSpecs(model),
  };
  const rng = createRng('weights', seed);
  // Biases and the like start at 0 or 1, which would hide mistakes.
  const weights = readSegmentWeights(model).map(({ dtype, shape, data }, i) => {
    if (spec.weights[i]?.startShare) return ndarray('float32', [], Float32Array.of(0.3));
    const moved = (data as Float32Array).map((value) => value + 0.1 * (rng.float() - 0.3));
    return ndarray(dtype, shape, moved);
  });
  model.dispose();
  return { spec, weights, optimizer, seed, stream: 3 };
}

export function dense(units: number): Pick<EngineCase, 'model'> {
  return {
    model: () =>
      tf.sequential({
        layers: [tf.layers.dense({ units: 6, activation: 'tanh', inputShape: [5] }), tf.layers.dense({ units })],
      }),
  };
}

export function randomArray(rng: Rng, shape: readonly number[], classes?: number): NdArray {
  const length = sizeOf(shape);
  if (classes !== undefined)
    return ndarray(
      'int32',
      shape,
      Int32Array.from({ length }, () => rng.int(classes)),
    );
  return ndarray(
    'float32',
    shape,
    Float32Array.from({ length }, () => rng.float() * 3 - 1.3),
  );
}

/** Trains for five steps on made-up data and notes what it sees; `batches` are the sizes, step by step. */
export async function trainInside(
  engine: Engine,
  options: SegmentOptions,
  vocabulary?: number,
  batches: readonly number[] = [3, 3, 3, 3, 3],
): Promise<Trail> {
  const segment = await engine.segment(options);
  const trail: Trail = new Map();
  for (const [step, size] of batches.entries()) await stepInside(segment, options, step, size, trail, vocabulary);
  await noteEnd(segment, trail);
  segment.dispose();
  return trail;
}

/** One step with made-up inputs and cut gradients, the same for every engine. */
export async function stepInside(
  segment: Segment,
  { spec, seed }: SegmentOptions,
  step: number,
  size: number,
  trail: Trail,
  vocabulary?: number,
): Promise<void> {
  const rng = createRng('data', seed, step);
  const shapes = spec.inputs.map((input) => [size, ...(input.shape as number[])]);
  const inputs = shapes.map((shape) => {
    const words = vocabulary === undefined ? undefined : randomArray(rng, shape, vocabulary);
    return words ? ndarray('float32', shape, Float32Array.from(words.data)) : randomArray(rng, shape);
  });
  const { outputs } = await segment.forward({ inputs }, step);
  note(trail, `output of step ${step}`, outputs);
  const cutGradients = outputs.map((output) => randomArray(rng, output.shape));
  note(trail, `input gradient of step ${step}`, await segment.backward(cutGradients));
  note(trail, `weight gradient of step ${step}`, await segment.gradients());
  await segment.update();
}

/** Trains with a loss for five steps. */
export async function trainWithLoss(engine: Engine, options: SegmentOptions, { labels }: LossCase): Promise<Trail> {
  const segment = await engine.segment(options);
  const trail: Trail = new Map();
  for (let step = 0; step < 5; step++) {
    const rng = createRng('data', options.seed, step);
    const batch = {
      inputs: [randomArray(rng, [7, 5])],
      labels: [randomArray(rng, [7, ...labels.shape], labels.classes)],
    };
    const { outputs, loss = NaN } = await segment.forward(batch, step);
    note(trail, `output of step ${step}`, outputs);
    note(trail, `loss of step ${step}`, [ndarray('float32', [], Float32Array.of(loss))]);
    note(trail, `input gradient of step ${step}`, await segment.backward());
    note(trail, `weight gradient of step ${step}`, await segment.gradients());
    await segment.update();
    const inference = await segment.predict(batch);
    note(trail, `prediction after step ${step}`, inference.outputs);
    note(trail, `test loss after step ${step}`, [ndarray('float32', [], Float32Array.of(inference.loss ?? NaN))]);
  }
  await noteEnd(segment, trail);
  segment.dispose();
  return trail;
}

async function noteEnd(segment: Segment, trail: Trail): Promise<void> {
  note(trail, 'weight at the end', await segment.weights());
}

function note(trail: Trail, name: string, arrays: readonly NdArray[]): void {
  arrays.forEach((array, i) => trail.set(`${name}, ${i}`, array));
}

/** The largest difference of two trails, each array's relative to its largest number, and where it is. */
export function largestDifference(left: Trail, right: Trail): { difference: number; at: string } {
  let worst = { difference: left.size === right.size ? 0 : Infinity, at: 'the number of arrays' };
  for (const [name, expected] of right) {
    const difference = relativeDifference(left.get(name), expected);
    if (!(difference <= worst.difference)) worst = { difference, at: name };
  }
  return worst;
}

function relativeDifference(found: NdArray | undefined, expected: NdArray): number {
  if (found?.shape.join() !== expected.shape.join()) return Infinity;
  let [largest, scale] = [0, 1e-3];
  expected.data.forEach((value, i) => {
    scale = Math.max(scale, Math.abs(value));
    const difference = Math.abs(value - (found.data[i] ?? NaN));
    largest = difference <= largest ? largest : difference;
  });
  return largest / scale;
}
