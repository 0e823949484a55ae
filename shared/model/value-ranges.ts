import type * as tf from '@tensorflow/tfjs';
import { readGraph } from './graph.js';

export interface ValueRange {
  readonly min: number;
  readonly max: number;
}

/** Layers that hand on the numbers they are given. */
const HANDS_ON = new Set(['Flatten', 'Reshape', 'Permute', 'RepeatVector', 'Cropping2D']);

/** The range of each input of a model that an embedding looks up; those that none does are left out. */
export function valueRanges(model: tf.LayersModel): ReadonlyMap<tf.SymbolicTensor, ValueRange> {
  const ranges = new Map<tf.SymbolicTensor, ValueRange>();
  const narrow = (tensor: tf.SymbolicTensor, max: number) =>
    ranges.set(tensor, { min: 0, max: Math.min(max, ranges.get(tensor)?.max ?? max) });
  // From the outputs down, so that a layer that hands numbers on knows what is asked of them.
  for (const { outboundLayer: layer, inputTensors, outputTensors } of [...readGraph(model).nodes].reverse()) {
    const [first] = inputTensors;
    if (!first) continue;
    const above = outputTensors.map((tensor) => ranges.get(tensor)).find((range) => range !== undefined);
    if (HANDS_ON.has(layer.getClassName()) && above) narrow(first, above.max);
    if ('layers' in layer) {
      const inner = layer as unknown as tf.LayersModel;
      const within = valueRanges(inner);
      inner.inputs.forEach((input, i) => {
        const [range, given] = [within.get(input), inputTensors[i]];
        if (range && given) narrow(given, range.max);
      });
      continue;
    }
    const looked =
      layer.getClassName() === 'TimeDistributed' ? (layer as unknown as { layer: tf.layers.Layer }).layer : layer;
    if (looked.getClassName() !== 'Embedding') continue;
    const { inputDim } = looked.getConfig() as { inputDim?: number };
    if (inputDim !== undefined) narrow(first, inputDim - 1);
  }
  return ranges;
}
