import * as tf from '#tfjs';
import { TandemError } from '../errors.js';
import { isPromise, promised } from '../promised.js';
import { withSeededRandom, type SeedPart } from '../rng.js';
import { readGraph } from './graph.js';
import { refuseHeldTwice } from './layer-tree.js';
import { patchShapes } from './patch-shapes.js';
import { copyState, rebuild } from './rebuild.js';
import { withStableNames } from './stable-names.js';
import { shareVariableNames } from './variable-names.js';
import { readModelWeights, writeModelWeights } from './weights.js';

/** What a task's function returns: a model of its own at each call, one that exists already, or a promise of one. */
export type ModelBuilder = () => tf.LayersModel | Promise<tf.LayersModel>;

/** The folders of two copies of tfjs: the one Tandem computes with, and the one that a task's file finds. */
export interface TfjsCopies {
  readonly here: string;
  readonly there: string;
}

const NOT_KEPT = { code: 'BAD_MODEL', action: 'correct what its function waits for' } as const;

/** The weights of models that came as promises: after it waited, a builder draws random numbers that no seed reaches. */
const firstWeights = new WeakMap<ModelBuilder, Map<string, ReturnType<typeof readModelWeights>>>();

/**
 * Calls a builder with a seeded source of randomness, and returns a model that is the caller's to change and to dispose of: one that
 * there was before the call is copied, with its weights, and left alone. Throws BAD_MODEL that says what came instead of a model.
 */
export async function takeModel(
  what: string,
  seed: readonly SeedPart[],
  build: ModelBuilder,
  copies?: TfjsCopies,
): Promise<tf.LayersModel> {
  if (copies) shareVariableNames();
  const before = new Set(Object.keys(registeredVariables()));
  const [answer, waited] = await call(what, seed, build);
  try {
    const made = await ours(what, answer, copies);
    refuseHeldTwice(made.layers);
    const isGiven = made.weights.some((weight) => before.has((weight.read() as tf.Variable).name));
    const model = withStableNames(isGiven ? copyOf(made) : made);
    if (waited && !isGiven) keepWeights(model, seed.join('/'), build);
    return model;
  } catch (error) {
    throw badModel(what, error);
  }
}

async function call(what: string, seed: readonly SeedPart[], build: ModelBuilder): Promise<[unknown, boolean]> {
  patchShapes();
  try {
    const answer: unknown = withSeededRandom(seed, build);
    return isPromise(answer) ? [await promised(what, answer, NOT_KEPT), true] : [answer, false];
  } catch (error) {
    throw badModel(what, error);
  }
}

/** The model as one of the tfjs that computes here; one of another copy of it is built again. */
async function ours(what: string, answer: unknown, copies: TfjsCopies | undefined): Promise<tf.LayersModel> {
  if (answer instanceof tf.LayersModel) {
    if (answer.inputs?.length > 0 && answer.outputs?.length > 0) return answer;
    throw new TandemError('BAD_MODEL', `${what} returns a model without inputs`, 'give its first layer an inputShape');
  }
  if (!looksLikeModel(answer)) {
    const shown = answer === null || answer === undefined ? String(answer) : Object.prototype.toString.call(answer);
    throw new TandemError('BAD_MODEL', `${what} returns ${shown}, which is no LayersModel`, 'see docs/tasks.md');
  }
  return adopted(what, answer, copies);
}

let told = false;

/** The same model of our own tfjs. Layers and losses of the user's own belong to the other copy, and cannot be taken over. */
async function adopted(what: string, other: tf.LayersModel, copies: TfjsCopies | undefined): Promise<tf.LayersModel> {
  const action = 'let both find one copy: install @tensorflow/tfjs once, beside Tandem (npm dedupe)';
  const where = copies ? `, in ${copies.there}; Tandem computes with the one in ${copies.here}` : '';
  const whose = `${what} is made with another copy of @tensorflow/tfjs${where}`;
  if (!told) console.warn(`tandem: ${whose}: ${action}`);
  told = true;
  shareVariableNames();
  try {
    const model = await tf.models.modelFromJSON(other.toJSON(null, false) as tf.io.ModelJSON['modelTopology']);
    copyState(other, model);
    return model;
  } catch (error) {
    const message = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    throw new TandemError('BAD_MODEL', `${whose}, and cannot be taken over: ${message}`, action);
  }
}

function looksLikeModel(answer: unknown): answer is tf.LayersModel {
  return typeof answer === 'object' && answer !== null && 'layers' in answer && 'toJSON' in answer;
}

function copyOf(model: tf.LayersModel): tf.LayersModel {
  const copy = rebuild(model.name, readGraph(model).nodes, model.inputs, model.outputs);
  copyState(model, copy);
  return copy;
}

function keepWeights(model: tf.LayersModel, seed: string, build: ModelBuilder): void {
  const bySeed = firstWeights.get(build) ?? new Map<string, ReturnType<typeof readModelWeights>>();
  firstWeights.set(build, bySeed);
  const known = bySeed.get(seed);
  if (known) writeModelWeights(model, known);
  else bySeed.set(seed, readModelWeights(model));
}

function registeredVariables(): Readonly<Record<string, tf.Variable>> {
  return (tf.engine() as unknown as { state: { registeredVariables: Record<string, tf.Variable> } }).state
    .registeredVariables;
}

function badModel(what: string, error: unknown): TandemError {
  if (error instanceof TandemError) return error;
  const message = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
  return new TandemError('BAD_MODEL', `${what} cannot be built: ${message}`, 'correct the function that builds it');
}
