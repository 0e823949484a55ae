import * as tf from '@tensorflow/tfjs';
import { TandemError } from '../errors.js';
import { isInput, type GraphNode } from './graph.js';
import { readWeights, writeWeights } from './weights.js';

/** Builds a model of its own from some nodes of another: cloned layers, fresh inputs where tensors come in. */
export function rebuild(
  name: string,
  part: readonly GraphNode[],
  incoming: readonly tf.SymbolicTensor[],
  outgoing: readonly tf.SymbolicTensor[],
  nameOf: (layer: tf.layers.Layer) => string = (layer) => layer.name,
): tf.LayersModel {
  const made = new Map<tf.SymbolicTensor, tf.SymbolicTensor>();
  const inputs = incoming.map((tensor) => {
    const input = tf.input({
      batchShape: tensor.shape,
      dtype: tensor.dtype,
      name: `from_${nameOf(tensor.sourceLayer)}_${tensor.nodeIndex}_${tensor.tensorIndex}`,
    });
    made.set(tensor, input);
    return input;
  });
  const clones = new Map<string, tf.layers.Layer>();
  for (const node of part.filter((candidate) => !isInput(candidate))) {
    const layer = node.outboundLayer;
    const clone = clones.get(layer.name) ?? cloneLayer(layer, nameOf(layer));
    clones.set(layer.name, clone);
    const args = node.inputTensors.map((tensor) => lookUp(made, tensor));
    const out = clone.apply(args.length === 1 ? lookUp(made, node.inputTensors[0]) : args, node.callArgs);
    const outputs = (Array.isArray(out) ? out : [out]) as tf.SymbolicTensor[];
    node.outputTensors.forEach((tensor, i) => made.set(tensor, outputs[i] ?? lookUp(made, tensor)));
  }
  return tf.model({ name, inputs, outputs: outgoing.map((tensor) => lookUp(made, tensor)) });
}

function cloneLayer(layer: tf.layers.Layer, name: string): tf.layers.Layer {
  const maker = layer.constructor as unknown as {
    fromConfig(cls: unknown, config: tf.serialization.ConfigDict): tf.layers.Layer;
  };
  return maker.fromConfig(maker, { ...layer.getConfig(), name });
}

function lookUp<K, V>(map: ReadonlyMap<K, V>, key: K | undefined): V {
  const value = key === undefined ? undefined : map.get(key);
  if (value === undefined) throw new TandemError('BAD_MODEL', 'the model reads a tensor that nothing in it computes');
  return value;
}

/** Gives the layers of a rebuilt model the weights of those they were cloned from. */
export function copyWeights(
  from: tf.LayersModel,
  to: tf.LayersModel,
  nameOf: (layer: tf.layers.Layer) => string = (layer) => layer.name,
): void {
  const originals = new Map(from.layers.map((layer) => [nameOf(layer), layer]));
  for (const layer of to.layers.filter((candidate) => candidate.weights.length > 0)) {
    writeWeights(layer, readWeights(lookUp(originals, layer.name)));
  }
}
