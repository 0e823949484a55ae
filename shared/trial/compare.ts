import * as tf from '#tfjs';
import { patchLayers } from '../engine/tfjs/patch-layers.js';
import { TandemError } from '../errors.js';
import { openModel } from '../model/open-model.js';
import { toTensor, writeSegmentWeights } from '../model/weights.js';
import type { NdArray } from '../ndarray.js';
import { withSeededRandom } from '../rng.js';
import { callsOf, type LayerCall, type TrialRun } from './run-whole.js';
import type { Trial, TrialBatch } from './try-out.js';

/** Sums of gradients that meet at a cut may be added in another order. */
const TOLERANCE = 1e-4;

/** Throws BAD_MODEL or BAD_CUT with the layer's name where the parts compute something else than the whole. */
export async function refuseDifference(
  trial: Trial,
  batch: TrialBatch,
  whole: TrialRun,
  parts: TrialRun,
): Promise<void> {
  const outputsDiffer = whole.outputs.some((output, i) => !alike(output, parts.outputs[i] ?? null));
  if (outputsDiffer) throw await otherOutputs(trial, batch);
  const keys = [...new Set([...whole.gradients.keys(), ...parts.gradients.keys()])];
  // What is above comes first in a backward pass, so the topmost difference is where it begins.
  const differing = keys.reverse().find((key) => !alikeOrZero(whole.gradients.get(key), parts.gradients.get(key)));
  const moved = [...whole.weights.keys()].find((key) => !alike(whole.weights.get(key), parts.weights.get(key)));
  const key = differing ?? moved;
  if (key === undefined) return;
  const name = key.slice(0, key.lastIndexOf('/'));
  throw elsewise(trial.model.layers.find((layer) => layer.name === name)?.getClassName() ?? '', name, 'learns');
}

async function otherOutputs({ model, cut }: Trial, { inputs }: TrialBatch): Promise<TandemError> {
  const rebuilt = await Promise.all(cut.specs.map(openModel));
  cut.specs.forEach((spec, i) => rebuilt[i] && writeSegmentWeights(rebuilt[i], spec, cut.weights[i] ?? []));
  rebuilt.forEach(patchLayers);
  const byName = new Map(rebuilt.flatMap((part) => part.layers.map((layer) => [layer.name, layer] as const)));
  for (const call of callsOf(model, inputs.map(toTensor))) {
    const other = byName.get(call.layer.name);
    if (!other || call.layer.getClassName() === 'InputLayer') continue;
    if (sameAnswers(call, other) === false) return elsewise(call.layer.getClassName(), call.layer.name, 'computes');
  }
  const twice = cut.specs.flatMap(({ usesBelow = {} }) => Object.keys(usesBelow));
  const what = twice.length > 0 ? `layer '${twice[0]}' is used on both sides of a cut, and its uses` : 'the parts';
  return new TandemError('BAD_CUT', `${what} compute something else than the undivided model`, 'cut elsewhere');
}

/** Undefined where the call alone cannot be made again. */
function sameAnswers({ layer, given, kwargs }: LayerCall, other: tf.layers.Layer): boolean | undefined {
  const answerOf = (one: tf.layers.Layer) =>
    tf.tidy(() =>
      withSeededRandom(['trial'], () => [one.call(given, kwargs)].flat().map((tensor) => tensor.dataSync())),
    );
  try {
    const [left, right] = [answerOf(layer), answerOf(other)];
    return left.length === right.length && left.every((values, i) => alikeValues(values, right[i] ?? []));
  } catch {
    // Such as for a mask that is gone by now: other layers may show the difference.
    return undefined;
  }
}

function elsewise(className: string, name: string, verb: 'computes' | 'learns'): TandemError {
  return new TandemError(
    'BAD_MODEL',
    `layer '${name}' (${className}) ${verb} something else once the model is cut, as it is built again from its getConfig()`,
    "let getConfig() hold all that the layer's constructor reads, and share a layer only by applying it again",
  );
}

function alikeOrZero(a: NdArray | null | undefined, b: NdArray | null | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  const isZero = (array: NdArray | null) => array === null || array.data.every((value: number) => value === 0);
  return (isZero(a) && isZero(b)) || alike(a, b);
}

function alike(a: NdArray | null | undefined, b: NdArray | null | undefined): boolean {
  return !!a && !!b && a.shape.join() === b.shape.join() && alikeValues(a.data, b.data);
}

function alikeValues(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  if (a.length !== b.length) return false;
  let scale = 1;
  for (const value of Array.from(a)) if (Number.isFinite(value)) scale = Math.max(scale, Math.abs(value));
  for (let i = 0; i < a.length; i++) {
    const [left = NaN, right = NaN] = [a[i], b[i]];
    if (!Object.is(left, right) && !(Math.abs(left - right) <= TOLERANCE * scale)) return false;
  }
  return true;
}
