import type * as tf from '@tensorflow/tfjs';
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

function makesMask({ outboundLayer: layer }: GraphNode): boolean {
  const { maskZero = false } = layer.getConfig() as { maskZero?: boolean };
  return layer.getClassName() === 'Masking' || (layer.getClassName() === 'Embedding' && maskZero);
}

function inherited(graph: ModelGraph, node: GraphNode, origins: ReadonlyMap<GraphNode, string>): string | undefined {
  const { outboundLayer: layer } = node;
  const { returnSequences = true } = layer.getConfig() as { returnSequences?: boolean };
  if (!layer.supportsMasking || !returnSequences) return undefined;
  return node.inputTensors.map((tensor) => origins.get(graph.producer(tensor))).find((origin) => origin !== undefined);
}
