import type * as tf from '@tensorflow/tfjs';
import { TandemError } from '../errors.js';
import type { NdArray } from '../ndarray.js';
import { describeSegment, usesBelow } from './cut.js';
import { readGraph, type GraphNode, type ModelGraph } from './graph.js';
import { openModel } from './open-model.js';
import { rebuild } from './rebuild.js';
import type { SegmentSpec } from './segment-spec.js';

/** One party's share of a bottom segment. */
export interface BottomShare {
  readonly spec: SegmentSpec;
  readonly weights: readonly NdArray[];
  /** Which of the model's inputs it reads, and which of the tensors at the cut it makes, by their places. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

/**
 * Splits the segment below the first cut into parts that share nothing: one for each input of the model, or for several
 * inputs that a layer below the cut joins. Layers keep their names and weights, so the parts together compute, bit for bit,
 * what the segment does. In the order of the inputs. Throws BAD_CUT when two parts share a layer's weights, or an input
 * leads nowhere.
 */
export async function splitBottom(spec: SegmentSpec, weights: readonly NdArray[]): Promise<BottomShare[]> {
  const model = await openModel(spec);
  try {
    const graph = readGraph(model);
    const groups = groupsOf(model, graph);
    refuseSharedLayers(groups);
    return groups.map((nodes, party) => {
      const share = shareOf(model, graph, nodes, spec, weights);
      const below = groups.slice(0, party).flatMap((group) => [...group]);
      return { ...share, spec: { ...share.spec, ...usesBelow([...nodes], below) } };
    });
  } finally {
    model.dispose();
  }
}

function shareOf(
  model: tf.LayersModel,
  graph: ModelGraph,
  nodes: ReadonlySet<GraphNode>,
  spec: SegmentSpec,
  weights: readonly NdArray[],
): BottomShare {
  const within = (tensors: readonly tf.SymbolicTensor[]) =>
    tensors.flatMap((tensor, place) => (nodes.has(graph.producer(tensor)) ? [place] : []));
  const pick = (tensors: readonly tf.SymbolicTensor[], places: readonly number[]) =>
    tensors.filter((_, place) => places.includes(place));
  const [inputs, outputs] = [within(model.inputs), within(model.outputs)];
  const part = graph.nodes.filter((node) => nodes.has(node));
  const share = rebuild('segment0', part, pick(model.inputs, inputs), pick(model.outputs, outputs));
  const described = describeSegment(share, 0, spec.of);
  share.dispose();
  // What is frozen is known from the whole: containers and wrappers do not write it down.
  const layers = new Set(part.map(({ outboundLayer }) => outboundLayer.name));
  const isOwn = ({ layer }: { layer: string }) => layers.has(layer);
  const own = { weights: spec.weights.filter(isOwn), constants: (spec.constants ?? []).filter(isOwn) };
  const values = weights.filter((_, i) => layers.has(spec.weights[i]?.layer ?? ''));
  return { spec: { ...described, ...own }, weights: values, inputs, outputs };
}

/** The nodes that hang together, in the order of their first input. */
function groupsOf(model: tf.LayersModel, graph: ModelGraph): ReadonlySet<GraphNode>[] {
  const groups = new Map<GraphNode, Set<GraphNode>>();
  for (const node of graph.nodes) {
    const below = new Set(node.inputTensors.map((tensor) => graph.producer(tensor)).filter((other) => other !== node));
    const joined = new Set([node, ...[...below].flatMap((other) => [...(groups.get(other) ?? [])])]);
    joined.forEach((member) => groups.set(member, joined));
  }
  const ordered = new Set<ReadonlySet<GraphNode>>();
  for (const input of model.inputs) {
    const group = groups.get(graph.producer(input));
    if (!group) {
      const { name } = input.sourceLayer;
      throw new TandemError('BAD_CUT', `nothing below the cut reads the input '${name}'`, 'cut above every bottom');
    }
    ordered.add(group);
  }
  return [...ordered];
}

function refuseSharedLayers(groups: readonly ReadonlySet<GraphNode>[]): void {
  const owner = new Map<string, number>();
  groups.forEach((nodes, party) => {
    for (const { outboundLayer: layer } of nodes) {
      const other = owner.get(layer.name) ?? party;
      if (other !== party && layer.weights.length > 0) {
        const what = `layer '${layer.name}' is used by the bottoms of parties ${other} and ${party}`;
        throw new TandemError('BAD_CUT', what, 'give each party layers of its own');
      }
      owner.set(layer.name, other);
    }
  });
}
