import type * as tf from '@tensorflow/tfjs';

type Layer = tf.layers.Layer;
export type GraphNode = Layer['inboundNodes'][number];

/** A LayersModel as the list of its layer applications, inputs before outputs. */
export interface ModelGraph {
  readonly nodes: readonly GraphNode[];
  /** The node that computes a tensor. */
  producer(tensor: tf.SymbolicTensor): GraphNode;
}

/** Walks the model backwards from its outputs, depth first, so a node stands after everything it reads. */
export function readGraph(model: tf.LayersModel): ModelGraph {
  const nodes: GraphNode[] = [];
  const seen = new Set<GraphNode>();
  const visit = (tensor: tf.SymbolicTensor) => {
    const node = producer(tensor);
    if (seen.has(node)) return;
    seen.add(node);
    node.inputTensors.filter((input) => producer(input) !== node).forEach(visit);
    nodes.push(node);
  };
  model.outputs.forEach(visit);
  return { nodes, producer };
}

export function isInput(node: GraphNode): boolean {
  return node.outboundLayer.getClassName() === 'InputLayer';
}

/** The nodes a set of nodes depends on, themselves included. */
export function ancestors(roots: readonly GraphNode[]): Set<GraphNode> {
  const found = new Set<GraphNode>();
  const visit = (node: GraphNode) => {
    if (found.has(node)) return;
    found.add(node);
    node.inputTensors.map(producer).forEach(visit);
  };
  roots.forEach(visit);
  return found;
}

function producer(tensor: tf.SymbolicTensor): GraphNode {
  const node = tensor.sourceLayer.inboundNodes[tensor.nodeIndex];
  if (!node) throw new Error(`tensor ${tensor.name} has no producer`);
  return node;
}
