import type { OnnxNode } from '../engine/onnx/graph/onnx-graph.js';
import type { DescribedConstant, DescribedGraph } from '../engine/onnx/graph/encode-model.js';

/** Before operator set 18 these take their axes as an attribute. */
const withAxesInside = new Set(['ReduceMax', 'ReduceMin', 'ReduceProd']);

/** A graph as operator set 17 has it (June 2022), which more runtimes read than 18. */
export function asOpset17(graph: DescribedGraph): DescribedGraph {
  const constants = new Map(graph.constants.map((constant) => [constant.name, constant] as const));
  const nodes = graph.nodes.map((node) => (withAxesInside.has(node.op) ? axesInside(node, constants) : node));
  const read = new Set(nodes.flatMap(({ inputs }) => inputs));
  return { ...graph, nodes, constants: graph.constants.filter(({ name }) => read.has(name)) };
}

function axesInside(node: OnnxNode, constants: ReadonlyMap<string, DescribedConstant>): OnnxNode {
  const [x = '', name = ''] = node.inputs;
  const axes = constants.get(name);
  if (!axes) return node;
  const values = Array.from(new BigInt64Array(axes.bytes.slice().buffer), Number);
  return { ...node, inputs: [x], attributes: { ...node.attributes, axes: values } };
}
