import type * as tf from '@tensorflow/tfjs';
import { TandemError } from '../errors.js';
import type { DType, NdArray, TensorSpec } from '../ndarray.js';
import { ancestors, isInput, readGraph, type GraphNode, type ModelGraph } from './graph.js';
import { refuseMasks } from './masks.js';
import type { Cut } from './parse-cuts.js';
import { copyState, rebuild } from './rebuild.js';
import { valueRanges } from './value-ranges.js';
import { constantsOf, readSegmentWeights, weightSpecs } from './weights.js';
import type { SegmentSpec } from './segment-spec.js';

/** A model in parts, with its first weights. */
export interface CutModel {
  readonly specs: readonly SegmentSpec[];
  /** The model's current weights that move, one list a segment, in the order of `spec.weights`. */
  readonly weights: readonly (readonly NdArray[])[];
}

/**
 * Cuts a LayersModel into `cuts.length + 1` segments; without cuts it is one segment. The part below a cut is the named layers and all they depend on;
 * what crosses is the set of tensors that a later part still reads, so skip connections and several inputs or outputs
 * need no special care. The model given is left as it was.
 *
 * Throws BAD_CUT when a layer is unknown, when a part would be empty, when the raw input would cross, or when a layer
 * with weights is used on both sides.
 */
export function cutModel(model: tf.LayersModel, cuts: readonly Cut[]): CutModel {
  const graph = readGraph(model);
  const parts = partition(model, graph, cuts);
  const partOf = new Map(parts.flatMap((part, index) => part.map((node) => [node, index] as const)));
  refuseSharedLayers(parts);
  const segments = parts.map((part, index) => {
    const incoming = index === 0 ? model.inputs : crossing(model, graph, partOf, index - 1);
    const outgoing = index === parts.length - 1 ? model.outputs : crossing(model, graph, partOf, index);
    if (index < parts.length - 1) refuseMasks(graph, outgoing);
    return rebuild(`segment${index}`, part, incoming, outgoing);
  });
  segments.forEach((segment) => copyState(model, segment));
  const result = {
    specs: withRangesAbove(
      segments.map((segment, index) => ({
        ...describeSegment(segment, index, segments.length),
        ...usesBelow(parts[index] ?? [], parts.slice(0, index).flat()),
      })),
    ),
    weights: segments.map(readSegmentWeights),
  };
  segments.forEach((segment) => segment.dispose());
  return result;
}

function partition(model: tf.LayersModel, graph: ModelGraph, cuts: readonly Cut[]): GraphNode[][] {
  const parts: GraphNode[][] = [];
  const taken = new Set<GraphNode>();
  for (const cut of cuts) {
    const names = typeof cut === 'string' ? [cut] : cut;
    const below = ancestors(names.flatMap((name) => nodesOf(model, graph, name)));
    const part = graph.nodes.filter((node) => below.has(node) && !taken.has(node));
    if (!part.some((node) => !isInput(node))) {
      const place = parts.length === 0 ? 'the input' : `the cut at '${showCut(cuts[parts.length - 1])}'`;
      throw new TandemError('BAD_CUT', `no layer stands between ${place} and the cut at '${showCut(cut)}'`);
    }
    part.forEach((node) => taken.add(node));
    parts.push(part);
  }
  const last = graph.nodes.filter((node) => !taken.has(node));
  if (!last.some((node) => !isInput(node))) {
    throw new TandemError('BAD_CUT', `no layer is left above the cut at '${showCut(cuts.at(-1))}'`);
  }
  parts.push(last);
  refuseRawInputs(graph, parts, cuts);
  return parts;
}

function nodesOf(model: tf.LayersModel, graph: ModelGraph, name: string): GraphNode[] {
  const nodes = graph.nodes.filter((node) => node.outboundLayer.name === name);
  if (nodes.length > 0) return nodes;
  const names = graph.nodes.filter((node) => !isInput(node)).map((node) => node.outboundLayer.name);
  const known = [...new Set(names)].slice(0, -1).join(', ');
  throw new TandemError('BAD_CUT', `the model '${model.name}' has no layer '${name}'`, `cut at one of: ${known}`);
}

/** A raw input that reaches past the first cut would send the private data themselves. */
function refuseRawInputs(graph: ModelGraph, parts: GraphNode[][], cuts: readonly Cut[]): void {
  const bottom = new Set(parts[0]);
  for (const node of parts.slice(1).flat()) {
    const raw = node.inputTensors.map((tensor) => graph.producer(tensor)).find(isInput);
    if (raw && !isInput(node)) {
      const below = bottom.has(raw) ? 'also used below it' : 'not used below it';
      throw new TandemError(
        'BAD_CUT',
        `the cut at '${showCut(cuts[0])}' does not separate the model: layer '${node.outboundLayer.name}' above it ` +
          `reads the raw input '${raw.outboundLayer.name}' (${below})`,
        'cut after the layers that read this input',
      );
    }
  }
}

function refuseSharedLayers(parts: GraphNode[][]): void {
  const owner = new Map<string, number>();
  parts.forEach((part, index) => {
    for (const { outboundLayer: layer } of part) {
      const other = owner.get(layer.name) ?? index;
      if (other !== index && layer.weights.length > 0) {
        throw new TandemError(
          'BAD_CUT',
          `layer '${layer.name}' has weights and is used both in segment ${other} and in segment ${index}`,
          'cut where all uses of the layer are on one side',
        );
      }
      owner.set(layer.name, other);
    }
  });
}

/** What crosses a cut has the range that the part above asks of it. */
function withRangesAbove(specs: readonly SegmentSpec[]): SegmentSpec[] {
  return specs.map((spec, index) => {
    const above = specs[index + 1]?.inputs;
    return above ? { ...spec, outputs: spec.outputs.map((tensor, i) => ({ ...tensor, ...rangeOf(above[i]) })) } : spec;
  });
}

function rangeOf({ min, max }: Partial<TensorSpec> = {}): Partial<TensorSpec> {
  return { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) };
}

/** For layers without weights, which may be on both sides of a cut: how often each is used in the parts below. */
export function usesBelow(part: readonly GraphNode[], below: readonly GraphNode[]): Pick<SegmentSpec, 'usesBelow'> {
  const own = new Set(part.filter((node) => !isInput(node)).map((node) => node.outboundLayer.name));
  const uses: Record<string, number> = {};
  for (const { outboundLayer: layer } of below) if (own.has(layer.name)) uses[layer.name] = (uses[layer.name] ?? 0) + 1;
  return Object.keys(uses).length > 0 ? { usesBelow: uses } : {};
}

/** The tensors made in parts 0..index that a later part, or the model's output, still reads; in graph order. */
function crossing(
  model: tf.LayersModel,
  graph: ModelGraph,
  partOf: ReadonlyMap<GraphNode, number>,
  index: number,
): tf.SymbolicTensor[] {
  const side = (node: GraphNode) => partOf.get(node) ?? 0;
  const readAbove = new Set<tf.SymbolicTensor>(model.outputs);
  for (const node of graph.nodes) {
    if (side(node) > index) node.inputTensors.forEach((tensor) => readAbove.add(tensor));
  }
  return graph.nodes
    .filter((node) => side(node) <= index)
    .flatMap((node) => node.outputTensors)
    .filter((tensor) => readAbove.has(tensor));
}

/** A rebuilt part of a model as the plain data that travel. */
export function describeSegment(segment: tf.LayersModel, index: number, of: number): SegmentSpec {
  const ranges = valueRanges(segment);
  return {
    index,
    of,
    topology: JSON.stringify(segment.toJSON(null, false)),
    inputs: segment.inputs.map((tensor) => ({ ...tensorSpec(tensor), ...ranges.get(tensor) })),
    outputs: segment.outputs.map(tensorSpec),
    weights: weightSpecs(segment),
    ...constantsOf(segment),
  };
}

function tensorSpec(tensor: tf.SymbolicTensor): TensorSpec {
  // Layer names, since tfjs numbers tensor names anew with every model built.
  const { name: layer } = tensor.sourceLayer;
  const name = tensor.tensorIndex === undefined || tensor.tensorIndex === 0 ? layer : `${layer}:${tensor.tensorIndex}`;
  return { name, dtype: dtypeOf(tensor), shape: tensor.shape.slice(1) };
}

function dtypeOf(tensor: tf.SymbolicTensor): DType {
  if (tensor.dtype === 'float32' || tensor.dtype === 'int32') return tensor.dtype;
  throw new TandemError('BAD_MODEL', `tensor '${tensor.name}' has dtype ${tensor.dtype}, which cannot cross a cut`);
}

function showCut(cut: Cut | undefined): string {
  return typeof cut === 'string' ? cut : (cut ?? []).join('+');
}
