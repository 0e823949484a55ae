import type { OnnxConstant, OnnxGraph, OnnxNode, OnnxValue } from '../graph/onnx-graph.js';
import type { Tracer } from './tracer.js';

/** Rearrangements of inputs are done again rather than carried from one graph to the next. */
const cheap = new Set(['Transpose', 'Reshape', 'Slice', 'Cast', 'Expand']);

/** A traced step as two graphs, the second of which reads what the first computed. */
export interface GraphPair {
  readonly forward: OnnxGraph;
  readonly backward: OnnxGraph;
  /** Values that are outputs of the first and inputs of the second. */
  readonly carried: readonly string[];
}

/** The part of a trace that computes these values. An output may be named more than once. */
export function extractGraph(tracer: Tracer, outputs: readonly string[]): OnnxGraph {
  return graphOf(tracer, outputs, new Set());
}

/** Splits a trace at node `mark`: nodes from there on run in the second graph. */
export function extractPair(
  tracer: Tracer,
  mark: number,
  forwardOutputs: readonly string[],
  backwardOutputs: readonly string[],
): GraphPair {
  const producers = producersOf(tracer.nodes);
  const fromInputs = new Map<string, boolean>();
  const isCheap = (name: string): boolean => {
    const known = fromInputs.get(name);
    if (known !== undefined) return known;
    const producer = producers.get(name);
    const result = !producer || (cheap.has(producer.op) && producer.inputs.every((input) => isCheap(input)));
    fromInputs.set(name, result);
    return result;
  };
  const early = new Set(tracer.nodes.slice(0, mark));
  const carried = new Set<string>();
  const seen = new Set<string>();
  const visit = (name: string) => {
    if (seen.has(name)) return;
    seen.add(name);
    const producer = producers.get(name);
    if (!producer) return;
    if (early.has(producer) && !isCheap(name)) carried.add(name);
    else producer.inputs.forEach(visit);
  };
  backwardOutputs.forEach(visit);
  return {
    forward: graphOf(tracer, [...forwardOutputs, ...carried], new Set()),
    backward: graphOf(tracer, backwardOutputs, carried),
    carried: [...carried],
  };
}

function producersOf(nodes: readonly OnnxNode[]): Map<string, OnnxNode> {
  return new Map(nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)));
}

function graphOf(tracer: Tracer, outputs: readonly string[], given: ReadonlySet<string>): OnnxGraph {
  const producers = producersOf(tracer.nodes);
  const needed = new Set<OnnxNode>();
  const inputs = new Map<string, OnnxValue>();
  const constants = new Map<string, OnnxConstant>();
  const constantsByName = new Map([...tracer.constants.values()].map((constant) => [constant.name, constant]));
  const pending = [...outputs];
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    const producer = given.has(name) ? undefined : producers.get(name);
    if (producer && !needed.has(producer)) {
      needed.add(producer);
      for (const input of producer.inputs) pending.push(input);
    } else if (!producer) {
      const constant = constantsByName.get(name);
      const input = tracer.described.get(name);
      if (constant) constants.set(name, constant);
      else if (input) inputs.set(name, input);
    }
  }
  return {
    inputs: [...inputs.values()],
    outputs: [...new Set(outputs)].map((name) => tracer.described.get(name) as OnnxValue),
    constants: [...constants.values()],
    nodes: tracer.nodes.filter((node) => needed.has(node)),
  };
}
