import type * as tf from '@tensorflow/tfjs';

/** What a layer throws while it runs, with its name: tfjs says which tensor was wrong, not whose. */
export class LayerError extends Error {
  constructor(
    readonly layer: string,
    readonly reason: string,
  ) {
    super(`layer ${layer}: ${reason}`);
  }
}

/** Runs one call of a layer, and names the layer in what it throws; the innermost layer that tfjs calls is the one to name. */
export function naming<T>(layer: tf.layers.Layer, call: () => T): T {
  try {
    return call();
  } catch (error) {
    if (error instanceof LayerError) throw error;
    throw new LayerError(showLayer(layer), firstLine(error));
  }
}

/** As people know it: `'pool1' (MaxPooling2D)`. */
export function showLayer(layer: tf.layers.Layer): string {
  return `'${layer.name}' (${layer.getClassName()})`;
}

export function firstLine(error: unknown): string {
  return error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
}
