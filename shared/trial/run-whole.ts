import * as tf from '#tfjs';
import { firstLine, LayerError, showLayer } from '../engine/layer-error.js';
import { patchLayers } from '../engine/tfjs/patch-layers.js';
import { RandomSource, seedLayers } from '../engine/tfjs/random-layers.js';
import { backpropagate, freeTape, record, type Tape } from '../engine/tfjs/tape.js';
import { registerTileGradient } from '../engine/tfjs/kernels/tile-gradient.js';
import { registerEinsumGradient } from '../engine/tfjs/kernels/register.js';
import { TandemError } from '../errors.js';
import { isTrained, weightsOf } from '../model/layer-tree.js';
import type { Loss } from '../model/loss.js';
import { fromTensor, toTensor, weightKey } from '../model/weights.js';
import type { NdArray } from '../ndarray.js';
import { runChecked } from './layer-answers.js';
import { checkFinite, lossOf, refuseUnconnected } from './try-loss.js';
import type { TrialBatch } from './try-out.js';

/** What one training step of a model came to; gradients and weights after the forward pass by their keys. */
export interface TrialRun {
  readonly outputs: readonly NdArray[];
  readonly gradients: ReadonlyMap<string, NdArray | null>;
  readonly weights: ReadonlyMap<string, NdArray>;
}

/** The run's seed in a trial. */
export const TRIAL_SEED = 1;

/** One step of the undivided model, by tfjs's own code. Its layers are seeded from then on. */
export async function runWhole(
  what: string,
  model: tf.LayersModel,
  batch: TrialBatch,
  loss: Loss | undefined,
): Promise<TrialRun> {
  registerTileGradient();
  registerEinsumGradient();
  patchLayers(model);
  const random = new RandomSource(TRIAL_SEED, 0);
  seedOnce(model, random);
  random.begin(0);
  const entries = model.layers.flatMap((layer) =>
    weightsOf(layer).map((weight, index) => ({
      key: weightKey({ layer: layer.name, index }),
      trained: isTrained(layer, weight),
      value: weight.read() as tf.Variable,
    })),
  );
  const before = entries.map(({ value }) => value.clone());
  const trained = entries.filter((entry) => entry.trained);
  const [inputs, labels] = [batch.inputs.map(toTensor), batch.labels.map(toTensor)];
  let term: tf.Tensor | undefined;
  const forward = () => {
    const outputs = [model.apply(inputs.length === 1 && inputs[0] ? inputs[0] : inputs, { training: true })].flat();
    if (loss === undefined) return outputs as tf.Tensor[];
    term = lossOf(what, loss, labels, outputs as tf.Tensor[]);
    const objective = model.calculateLosses().reduce<tf.Tensor>((sum, penalty) => tf.add(sum, penalty), term);
    return [...(outputs as tf.Tensor[]), objective];
  };
  try {
    const tape = naming(() => record(forward));
    const outputs = loss === undefined ? tape.outputs : tape.outputs.slice(0, -1);
    const seeds = (loss === undefined ? tape.outputs : tape.outputs.slice(-1)).filter(
      ({ dtype }) => dtype === 'float32',
    );
    if (loss !== undefined) await checkFinite(what, tape.outputs.at(-1));
    if (typeof loss === 'function' && term) refuseUnconnected(what, tape, term, outputs);
    const gradients = backwardPass(
      model,
      inputs,
      tape,
      seeds,
      trained.map(({ value }) => value),
    );
    const result = {
      outputs: await Promise.all(outputs.map(fromTensor)),
      gradients: new Map(
        await Promise.all(trained.map(async ({ key }, i) => [key, await orNull(gradients[i])] as const)),
      ),
      weights: new Map(
        await Promise.all(entries.map(async ({ key, value }) => [key, await fromTensor(value)] as const)),
      ),
    };
    tf.dispose(gradients.filter((gradient) => gradient !== null));
    freeTape(tape);
    return result;
  } finally {
    // A forward pass moves averages; the model is to be as it was.
    entries.forEach(({ value }, i) => value.assign(before[i] as tf.Tensor));
    tf.dispose([before, inputs, labels]);
  }
}

const seeded = new WeakMap<tf.LayersModel, RandomSource>();

function seedOnce(model: tf.LayersModel, random: RandomSource): void {
  const known = seeded.get(model);
  if (known) known.begin(0);
  else seedLayers(model, random, runChecked);
  seeded.set(model, known ?? random);
}

function naming<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof TandemError) throw error;
    if (error instanceof LayerError) throw untrainable(error.layer, error.reason);
    throw new TandemError('BAD_MODEL', `the model cannot be run: ${firstLine(error)}`);
  }
}

function untrainable(layer: string, reason: string): TandemError {
  return new TandemError(
    'BAD_MODEL',
    `layer ${layer} cannot be trained: ${reason}`,
    'use another layer, or other settings of it',
  );
}

function backwardPass(
  model: tf.LayersModel,
  inputs: tf.Tensor[],
  tape: Tape,
  from: readonly tf.Tensor[],
  wanted: readonly tf.Tensor[],
): (tf.Tensor | null)[] {
  const seeds = from.map((tensor) => [tensor, tf.onesLike(tensor)] as const);
  try {
    return backpropagate(tape, seeds, wanted);
  } catch (error) {
    freeTape(tape);
    throw untrainable(culprit(model, inputs) ?? `'${model.name}'`, firstLine(error));
  } finally {
    tf.dispose(seeds.map(([, one]) => one));
  }
}

/** The first layer whose own gradient fails, or does not reach what it is given. */
function culprit(model: tf.LayersModel, inputs: tf.Tensor[]): string | undefined {
  const calls = callsOf(model, inputs);
  const found = calls.find(({ layer, given, kwargs }) => {
    try {
      const tape = record(() => [layer.call(given, kwargs)].flat());
      const seeds = tape.outputs
        .filter(({ dtype }) => dtype === 'float32')
        .map((one) => [one, tf.onesLike(one)] as const);
      const asked = [given].flat();
      const found = backpropagate(tape, seeds, asked);
      return found.some((gradient, i) => gradient === null && asked[i]?.dtype === 'float32');
    } catch {
      // The error that the whole gradient gave is told, with this layer.
      return true;
    }
  });
  return found && showLayer(found.layer);
}

export interface LayerCall {
  readonly layer: tf.layers.Layer;
  readonly given: tf.Tensor | tf.Tensor[];
  readonly kwargs: Parameters<tf.layers.Layer['call']>[1];
}

/** The calls of a forward pass with what they were given; the tensors stay until the model's trial fails, which it has. */
export function callsOf(model: tf.LayersModel, inputs: tf.Tensor[]): LayerCall[] {
  const calls: LayerCall[] = [];
  const restore = model.layers.map((layer) => {
    const before = layer.call.bind(layer);
    layer.call = (given, kwargs) => {
      [given].flat().forEach((tensor) => tf.keep(tensor));
      calls.push({ layer, given, kwargs });
      return before(given, kwargs);
    };
    return () => (layer.call = before);
  });
  try {
    tf.tidy(() => void model.apply(inputs.length === 1 && inputs[0] ? inputs[0] : inputs, { training: true }));
  } finally {
    restore.forEach((undo) => undo());
  }
  return calls;
}

async function orNull(tensor: tf.Tensor | null | undefined): Promise<NdArray | null> {
  return tensor ? fromTensor(tensor) : null;
}
