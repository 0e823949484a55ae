import type { Batch, Dataset } from '../shared/data/dataset.js';
import { BatchOrder } from '../shared/data/batch-order.js';
import { refuseOtherDataset, readRows } from '../shared/data/check-dataset.js';
import type { Engine, Segment } from '../shared/engine/engine.js';
import { firstLine } from '../shared/engine/layer-error.js';
import { useBestBackend } from '../shared/engine/tfjs/backend.js';
import { checkBatch } from '../shared/contract.js';
import { TandemError } from '../shared/errors.js';
import { buildPlaced } from '../shared/model/build.js';
import { checkedLabels } from '../shared/model/check-labels.js';
import { modelValues, weightKey } from '../shared/model/weights.js';
import { identical, maxAbsDifference, type NdArray } from '../shared/ndarray.js';
import { backward, forward, update } from '../shared/step/walk.js';
import { optimizerOf, type Task } from '../shared/task.js';
import { checkFields } from '../shared/fields/check-fields.js';
import { verifyFields } from './simulate-fields.js';
import type { TopologyChoice } from '../shared/topologies.js';
import { codecRegistry } from '../shared/wire/codec-registry.js';
import { codecsOf, ownCodecs, type CodecChoice } from '../shared/wire/codecs-of.js';
import { CodedCuts } from './coded-cuts.js';
import { UndividedModel, type NamedArrays } from './undivided.js';

/** What is compared, and for how long. */
export interface VerifyOptions {
  readonly task: Task;
  readonly dataset: Dataset;
  readonly engine: Engine;
  readonly steps: number;
  readonly batch: number;
  readonly seed: number;
  /** Where it makes a difference to the task's cuts; `vanilla` by default. */
  readonly topology?: TopologyChoice;
  /** How smashed data and cut gradients travel: what the codecs change is then held against what they declare. */
  readonly codecUp?: CodecChoice;
  readonly codecDown?: CodecChoice;
  onStep?: (step: number) => void;
}

/** How the cut model compares with the whole one. */
export interface Verification {
  readonly steps: number;
  readonly segments: number;
  /** Largest difference of any weight after the last step. */
  readonly maxAbsWeightDiff: number;
  /** Largest difference of any weight's gradient at any step. */
  readonly maxAbsGradientDiff: number;
  /** Whether all weights and gradients agree bit for bit. */
  readonly identical: boolean;
  /** With codecs: the largest error of a value at a cut, and the largest share of the bound that was declared for it; above 1 a codec breaks its word. */
  readonly wire?: { readonly maxAbsError: number; readonly maxShareOfBound: number };
}

/** Trains a task's model cut and whole, side by side on the same batches, and compares every gradient and weight. */
export async function verify(options: VerifyOptions): Promise<Verification> {
  checkFields('verify()', options, verifyFields);
  const { task, dataset, steps, batch, seed } = options;
  refuseOtherDataset(dataset, 'data');
  if (dataset.size === 0) throw new TandemError('BAD_DATA', 'there are no samples to verify with');
  // The undivided model runs on tfjs whatever the engine.
  await useBestBackend();
  const { segments, contract } = await segmentsOf(options);
  const whole = await UndividedModel.create(task, seed);
  const order = new BatchOrder({ size: dataset.size, batch, seed, client: 0 });
  const gradientDifference = new Difference();
  const cuts = cutsOf(options);
  for (let step = 0; step < steps; step++) {
    const samples = await readRows(dataset, order.rows(step), 'data');
    checkBatch(contract, samples.inputs, samples.labels, 'input');
    const rows = order.rows(step);
    const divided = cuts
      ? namedGradients(segments, await cuts.step(segments, samples, step, rows))
      : await dividedStep(segments, samples, step);
    gradientDifference.compare(divided, await wholeStep(whole, samples, step));
    options.onStep?.(step + 1);
  }
  const weightDifference = new Difference();
  const weights = await Promise.all(segments.map((segment) => segment.weights()));
  weightDifference.compare(named(segments, weights), await whole.weights());
  segments.forEach((segment) => segment.dispose());
  whole.dispose();
  return {
    steps,
    segments: segments.length,
    maxAbsWeightDiff: weightDifference.largest,
    maxAbsGradientDiff: gradientDifference.largest,
    identical: weightDifference.identical && gradientDifference.identical,
    ...(cuts ? { wire: { maxAbsError: cuts.largestError, maxShareOfBound: cuts.largestShare } } : {}),
  };
}

/** Undefined where all travels as it is. Throws BAD_OPTION for a codec that there is not. */
function cutsOf({ codecUp, codecDown, seed }: VerifyOptions): CodedCuts | undefined {
  const choices = { codecUp, codecDown };
  const { codecUp: up, codecDown: down } = codecsOf(choices);
  if (up === undefined && down === undefined) return undefined;
  const registry = codecRegistry(ownCodecs(choices));
  const find = (name: string | undefined) => (name === undefined ? null : registry.find(name));
  return new CodedCuts({ up: find(up), down: find(down), seed });
}

/** What a model or a loss of the user's throws is told as such. */
async function wholeStep(whole: UndividedModel, samples: Batch, step: number): Promise<NamedArrays> {
  try {
    return await whole.step(samples, step);
  } catch (error) {
    if (error instanceof TandemError) throw error;
    throw new TandemError('BAD_MODEL', `the undivided model fails in step ${step + 1}: ${firstLine(error)}`);
  }
}

/** One step through the chain of segments, exactly the calls that clients and server make; returns the gradients. */
async function dividedStep(
  segments: readonly Segment[],
  { inputs, labels }: Batch,
  step: number,
): Promise<NamedArrays> {
  const pass = await forward(segments, inputs, step, labels);
  await backward(pass);
  const gradients: NdArray[][] = [];
  for (const segment of segments) gradients.push(await segment.gradients());
  await update(pass);
  return namedGradients(segments, gradients);
}

/** The segments, and what a client would hold its data against. */
async function segmentsOf({ task, engine, seed, batch, topology = 'vanilla' }: VerifyOptions) {
  const { specs, weights } = (await buildPlaced(task, { seed, topology })).cut;
  const labels = checkedLabels(task, specs.at(-1)?.outputs ?? []);
  const contract = { tensors: specs[0]?.inputs ?? [], labels, maxRows: batch };
  const segments: Segment[] = await Promise.all(
    specs.map((spec, index) =>
      engine.segment({
        spec,
        weights: weights[index] ?? [],
        optimizer: optimizerOf(task, index),
        ...(index === specs.length - 1 ? { loss: task.loss } : {}),
        seed,
        stream: 0,
      }),
    ),
  );
  return { segments, contract };
}

function named(segments: readonly Segment[], arrays: readonly (readonly NdArray[])[]): NamedArrays {
  const entries = segments.flatMap(({ spec }, i) => modelValues(spec, arrays[i] ?? []));
  return { names: entries.map(([name]) => name), values: entries.map(([, value]) => value) };
}

function namedGradients(segments: readonly Segment[], gradients: readonly (readonly NdArray[])[]): NamedArrays {
  const trained = segments.flatMap(({ spec }) => spec.weights.filter(({ trainable }) => trainable));
  return { names: trained.map(weightKey), values: gradients.flat() };
}

class Difference {
  largest = 0;
  identical = true;

  compare(left: NamedArrays, right: NamedArrays): void {
    const others = new Map(right.names.map((name, i) => [name, right.values[i]]));
    left.names.forEach((name, i) => {
      const [a, b] = [left.values[i], others.get(name)];
      const same = a && b ? identical(a, b) : false;
      this.identical &&= same;
      this.largest = Math.max(this.largest, a && b ? maxAbsDifference(a, b) : Infinity);
    });
    if (left.names.length !== right.names.length) this.largest = Infinity;
    this.identical &&= left.names.length === right.names.length;
  }
}
