import type * as tf from '@tensorflow/tfjs';
import { weightsOf } from '../model/layer-tree.js';
import { readWeights } from '../model/weights.js';
import type { NdArray } from '../ndarray.js';

/** A weight under the name that people know it by, such as `dense1/kernel`. */
export interface NamedWeight {
  readonly name: string;
  readonly value: NdArray;
}

/** All weights of a model, layer by layer. Two of one name in a layer get a number. */
export function namedWeights(model: tf.LayersModel): NamedWeight[] {
  const taken = new Map<string, number>();
  return model.layers.flatMap((layer) => {
    const values = readWeights(layer);
    return weightsOf(layer).flatMap((weight, i) => {
      const value = values[i];
      const own = weight.originalName.replace(new RegExp(`^${escaped(layer.name)}[/_]`), '');
      const name = `${layer.name}/${own}`;
      const times = taken.get(name) ?? 0;
      taken.set(name, times + 1);
      return value ? [{ name: times === 0 ? name : `${name}_${times}`, value }] : [];
    });
  });
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
