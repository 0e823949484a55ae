import type * as tf from '@tensorflow/tfjs';
import { layerTree } from './layer-tree.js';

/** Settings that tfjs leaves out when one of its layers is written down; a layer with another value could not be built again. */
const FORGOTTEN: Readonly<Record<string, readonly string[]>> = {
  SeparableConv2D: ['depthMultiplier'],
};

/** Lets the layer, and those within it, write all of their settings down. */
export function completeConfig(layer: tf.layers.Layer): void {
  for (const one of layerTree(layer)) {
    const missing = FORGOTTEN[one.getClassName()];
    if (!missing) continue;
    const own = one as unknown as Record<string, unknown>;
    const settings = Object.fromEntries(missing.map((name) => [name, own[name]]));
    const written = one.getConfig.bind(one);
    one.getConfig = () => ({ ...written(), ...settings }) as tf.serialization.ConfigDict;
  }
}
