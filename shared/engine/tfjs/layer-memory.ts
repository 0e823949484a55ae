import * as tf from '#tfjs';
import { layerTree } from '../../model/layer-tree.js';
import { fromTensor, toTensor } from '../../model/weights.js';
import type { NdArray } from '../../ndarray.js';
import type { LayerMemory } from '../engine.js';

/** A recurrent layer that starts each batch from where the last one ended; `states_` is null before the first. */
interface Stateful {
  readonly stateful: boolean;
  readonly states_: tf.Tensor[] | null;
  resetStates(states?: tf.Tensor[]): void;
}

function statefulLayers(model: tf.LayersModel): Stateful[] {
  return model.layers
    .flatMap(layerTree)
    .map((layer) => layer as unknown as Partial<Stateful>)
    .filter((layer): layer is Stateful => 'states_' in layer && 'resetStates' in layer && layer.stateful === true);
}

/** What stateful layers hold, one list a layer; nothing where a model has none. */
export async function readMemory(model: tf.LayersModel): Promise<{ memory?: LayerMemory }> {
  const layers = statefulLayers(model);
  if (layers.length === 0) return {};
  const read = ({ states_: states }: Stateful): Promise<NdArray[]> => Promise.all((states ?? []).map(fromTensor));
  return { memory: await Promise.all(layers.map(read)) };
}

/** Puts back what `readMemory` answered. */
export function writeMemory(model: tf.LayersModel, memory: LayerMemory): void {
  statefulLayers(model).forEach((layer, i) => {
    const states = (memory[i] ?? []).map(toTensor);
    // The first call makes zeros, where it had none or is to have none; only then are others taken.
    if (states.length > 0 || layer.states_ !== null) layer.resetStates();
    if (states.length > 0) layer.resetStates(states);
    tf.dispose(states);
  });
}
