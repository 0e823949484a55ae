import * as tf from '#tfjs';
import { TandemError } from '../errors.js';
import { completeConfig } from './complete-config.js';
import { copyFrozen } from './layer-tree.js';
import { isInput, type GraphNode } from './graph.js';
import { readShares, writeShares } from './start-shares.js';
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
    const out = applied(layer, clone, args.length === 1 ? lookUp(made, node.inputTensors[0]) : args, node.callArgs);
    const outputs = Array.isArray(out) ? out : [out];
    node.outputTensors.forEach((tensor, i) => made.set(tensor, outputs[i] ?? lookUp(made, tensor)));
  }
  return tf.model({ name, inputs, outputs: outgoing.map((tensor) => lookUp(made, tensor)) });
}

/** Calls a clone as the layer was called: tensors among the arguments of a call, such as the initial state of a recurrent layer, are inputs of the node too. */
function applied(
  layer: tf.layers.Layer,
  clone: tf.layers.Layer,
  inputs: tf.SymbolicTensor | tf.SymbolicTensor[],
  callArgs: GraphNode['callArgs'],
): tf.SymbolicTensor | tf.SymbolicTensor[] {
  const plain = (args: GraphNode['callArgs']) =>
    Object.fromEntries(Object.entries(args ?? {}).filter(([, value]) => ![value].flat().some(isSymbolic)));
  try {
    const out = clone.apply(inputs, plain(callArgs)) as tf.SymbolicTensor | tf.SymbolicTensor[];
    // tfjs notes them again, and cannot write them down.
    const node = clone.inboundNodes.at(-1) as { callArgs: GraphNode['callArgs'] } | undefined;
    if (node) node.callArgs = plain(node.callArgs);
    return out;
  } catch (error) {
    throw notRebuilt(layer, error);
  }
}

function isSymbolic(value: unknown): boolean {
  return value instanceof tf.SymbolicTensor;
}

function notRebuilt(layer: tf.layers.Layer, error: unknown): TandemError {
  const message = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
  return new TandemError(
    'BAD_MODEL',
    `layer '${layer.name}' (${layer.getClassName()}) cannot be built again from its getConfig(): ${message}`,
    "let getConfig() hold all that the layer's constructor reads",
  );
}

function cloneLayer(layer: tf.layers.Layer, name: string): tf.layers.Layer {
  const maker = layer.constructor as unknown as {
    fromConfig(cls: unknown, config: tf.serialization.ConfigDict): tf.layers.Layer;
  };
  try {
    completeConfig(layer);
    const clone = maker.fromConfig(maker, { ...layer.getConfig(), name });
    completeConfig(clone);
    return clone;
  } catch (error) {
    throw notRebuilt(layer, error);
  }
}

function lookUp<K, V>(map: ReadonlyMap<K, V>, key: K | undefined): V {
  const value = key === undefined ? undefined : map.get(key);
  if (value === undefined) throw new TandemError('BAD_MODEL', 'the model reads a tensor that nothing in it computes');
  return value;
}

/** Gives the layers of a rebuilt model the weights of those they were cloned from, and freezes what is frozen there. */
export function copyState(
  from: tf.LayersModel,
  to: tf.LayersModel,
  nameOf: (layer: tf.layers.Layer) => string = (layer) => layer.name,
): void {
  const originals = new Map(from.layers.map((layer) => [nameOf(layer), layer]));
  for (const layer of to.layers.filter((candidate) => candidate.getClassName() !== 'InputLayer')) {
    const original = lookUp(originals, layer.name);
    copyFrozen(original, layer);
    writeWeights(layer, readWeights(original));
    writeShares(layer, readShares(original));
  }
}
