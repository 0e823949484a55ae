import type * as tf from '@tensorflow/tfjs';
import { withSeededRandom, type SeedPart } from '../../rng.js';

/** Names the random numbers of a segment's forward passes: run seed, layer, stream, step, use of the layer. */
export class RandomSource {
  private step = 0;
  private readonly uses = new Map<string, number>();

  constructor(
    private readonly seed: number,
    private readonly stream: number,
  ) {}

  /** Begins the forward pass of a step; the same step draws the same numbers again. */
  begin(step: number): void {
    this.step = step;
    this.uses.clear();
  }

  /** The path of a layer's next use: a layer used twice in one pass draws anew the second time. */
  next(layer: string): SeedPart[] {
    const use = this.uses.get(layer) ?? 0;
    this.uses.set(layer, use + 1);
    return ['layer', this.seed, layer, this.stream, this.step, use];
  }
}

/**
 * Gives each layer of the model its own random numbers. They do not depend on which other layers are in the segment, so
 * dropout draws the same mask in the divided and the undivided model.
 */
export function seedLayers(model: tf.LayersModel, source: RandomSource): void {
  for (const layer of model.layers) {
    const original = layer.call.bind(layer);
    layer.call = (inputs, kwargs) => withSeededRandom(source.next(layer.name), () => original(inputs, kwargs));
  }
}
