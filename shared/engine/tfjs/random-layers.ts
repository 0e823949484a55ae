import type * as tf from '@tensorflow/tfjs';
import { withSeededRandom, type SeedPart } from '../../rng.js';
import { naming } from '../layer-error.js';

/** Names the random numbers of a segment's forward passes: run seed, layer, stream, step, use of the layer. */
export class RandomSource {
  private step = 0;
  private readonly uses = new Map<string, number>();

  constructor(
    private readonly seed: number,
    private readonly stream: number,
    /** How often layers are used below the segment: their numbers go on from there. */
    private readonly usesBelow: Readonly<Record<string, number>> = {},
  ) {}

  /** Begins the forward pass of a step; the same step draws the same numbers again. */
  begin(step: number): void {
    this.step = step;
    this.uses.clear();
  }

  /** Counts a layer's uses in a pass: one used twice draws anew the second time. */
  nextUse(layer: string): number {
    const use = this.uses.get(layer) ?? (Object.hasOwn(this.usesBelow, layer) ? (this.usesBelow[layer] ?? 0) : 0);
    this.uses.set(layer, use + 1);
    return use;
  }

  /** The path of the random numbers of one use of a layer in the current step. */
  path(layer: string, use: number): SeedPart[] {
    return ['layer', this.seed, layer, this.stream, this.step, use];
  }
}

/** Runs one use of a layer so that its random ops are those of the source. */
export type SeededRun = <T>(source: RandomSource, layer: tf.layers.Layer, call: () => T) => T;

/** The usual one; what the layer throws has its name. */
export const runSeeded: SeededRun = (source, layer, call) =>
  naming(layer, () => withSeededRandom(source.path(layer.name, source.nextUse(layer.name)), call));

/**
 * Gives each layer of the model its own random numbers. They do not depend on which other layers are in the segment, so
 * dropout draws the same mask in the divided and the undivided model.
 */
export function seedLayers(model: tf.LayersModel, source: RandomSource, run: SeededRun = runSeeded): void {
  for (const layer of model.layers) {
    const original = layer.call.bind(layer);
    layer.call = (inputs, kwargs) => run(source, layer, () => original(inputs, kwargs));
  }
}
