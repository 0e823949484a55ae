import type * as tf from '@tensorflow/tfjs';
import { withSeededRandom, type SeedPart } from '../../rng.js';

/** What fixes the random ops of one forward pass. */
export interface RandomSource {
  readonly seed: number;
  readonly stream: number;
  step: number;
}

/** Runs one use of a layer so that its random ops are the ones of `layerPath`. */
export type SeededRun = <T>(source: RandomSource, layer: string, use: number, call: () => T) => T;

/**
 * Gives each layer of the model its own random numbers, named by run seed, layer, stream and step. They do not depend on
 * which other layers are in the segment, so dropout draws the same mask in the divided and the undivided model.
 */
export function seedLayers(model: tf.LayersModel, source: RandomSource, run: SeededRun = runSeeded): void {
  const calls = new Map<string, { step: number; count: number }>();
  for (const layer of model.layers) {
    const original = layer.call.bind(layer);
    layer.call = (inputs, kwargs) => {
      // A layer used twice in one pass draws anew the second time.
      const last = calls.get(layer.name);
      const count = last?.step === source.step ? last.count + 1 : 0;
      calls.set(layer.name, { step: source.step, count });
      return run(source, layer.name, count, () => original(inputs, kwargs));
    };
  }
}

/** The path that names a layer's random numbers in one pass. */
export function layerPath({ seed, stream, step }: RandomSource, layer: string, use: number): SeedPart[] {
  return ['layer', seed, layer, stream, step, use];
}

const runSeeded: SeededRun = (source, layer, use, call) => withSeededRandom(layerPath(source, layer, use), call);
