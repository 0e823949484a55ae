import * as tf from '#tfjs';
import { TandemError } from '../errors.js';
import type { GraphNode, ModelGraph } from './graph.js';

/**
 * Refuses tensors that carry a mask (from Masking, or an Embedding with `maskZero`): the mask is no tensor of the model,
 * so it would be lost at a cut and what is above would train differently. Throws BAD_CUT with the layers' names.
 */
export function refuseMasks(graph: ModelGraph, crossing: readonly tf.SymbolicTensor[]): void {
  const origins = new Map<GraphNode, string>();
  for (const node of graph.nodes) {
    const origin = makesMask(node) ? node.outboundLayer.name : inherited(graph, node, origins);
    if (origin !== undefined) origins.set(node, origin);
  }
  for (const tensor of crossing) {
    const origin = origins.get(graph.producer(tensor));
    if (origin === undefined) continue;
    throw new TandemError(
      'BAD_CUT',
      `the mask that layer '${origin}' makes would be lost where '${tensor.sourceLayer.name}' is cut`,
      'cut below that layer, or above the layer that ends the mask (a recurrent one that returns its last output)',
    );
  }
}

function makesMask(node: GraphNode): boolean {
  const { outboundLayer: layer } = node;
  if (isOwnMask(layer)) return answersMask(node);
  const { maskZero = false } = layer.getConfig() as { maskZero?: boolean };
  return layer.getClassName() === 'Masking' || (layer.getClassName() === 'Embedding' && maskZero);
}

/** The layers of tfjs with a computeMask() of their own. */
const OF_TFJS = ['Masking', 'Embedding', 'RNN', 'Bidirectional', 'Concatenate', 'Dot'];

/** Whether it is a layer of the user's with a `computeMask()` of its own. */
function isOwnMask(layer: tf.layers.Layer): boolean {
  return (
    Object.hasOwn(Object.getPrototypeOf(layer) as object, 'computeMask') && !OF_TFJS.includes(layer.getClassName())
  );
}

/** Calls it to find out what it returns: some layers only end a mask. */
function answersMask({ outboundLayer: layer, inputTensors }: GraphNode): boolean {
  return tf.tidy(() => {
    const inputs = inputTensors.map(({ shape, dtype }) =>
      tf.ones(
        shape.map((length) => length ?? 2),
        dtype,
      ),
    );
    try {
      const mask: unknown = layer.computeMask(inputs.length === 1 && inputs[0] ? inputs[0] : inputs, undefined);
      return [mask].flat().some((one) => one !== null && one !== undefined);
    } catch {
      // It wants a mask to go on with, so it hands one on.
      return true;
    }
  });
}

function inherited(graph: ModelGraph, node: GraphNode, origins: ReadonlyMap<GraphNode, string>): string | undefined {
  const { outboundLayer: layer } = node;
  const { returnSequences = true } = layer.getConfig() as { returnSequences?: boolean };
  if (!layer.supportsMasking || !returnSequences || isOwnMask(layer)) return undefined;
  return node.inputTensors.map((tensor) => origins.get(graph.producer(tensor))).find((origin) => origin !== undefined);
}
