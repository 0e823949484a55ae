import type { OnnxConstant, OnnxGraph, OnnxNode } from '../engine/onnx/graph/onnx-graph.js';
import type { DescribedGraph } from '../engine/onnx/graph/encode-model.js';

/** What the batch's dimension is called. */
export const BATCH = 'batch';

/** One trace of a model, and the batch it was traced with. */
export interface SizedTrace {
  readonly rows: number;
  readonly graph: OnnxGraph;
}

/**
 * One graph for any batch, from traces with three sizes of batch: what differs between two of them is a whole number that grows with
 * the batch, and the third shows that it does. Undefined where something else differs.
 */
export function openBatch(traces: readonly [SizedTrace, SizedTrace, SizedTrace]): DescribedGraph | undefined {
  const [{ graph }] = traces;
  if (!alike(traces.map((trace) => trace.graph))) return undefined;
  const constants: OnnxConstant[] = [];
  const added: OnnxNode[] = [];
  for (const [i, constant] of graph.constants.entries()) {
    const all = traces.map((trace) => trace.graph.constants[i] as OnnxConstant);
    if (all.every(({ bytes, shape }) => same(bytes, constant.bytes) && same(shape, constant.shape))) {
      constants.push(constant);
      continue;
    }
    const grown = growth(traces, all);
    if (!grown) return undefined;
    const only = grown.slopes.filter((slope) => slope !== 0n).length === 1;
    if (only && isShapeOfReshapes(graph, constant.name)) {
      const values = grown.bases.map((base, at) => (grown.slopes[at] === 0n ? base : -1n));
      constants.push(integers(constant.name, values));
      continue;
    }
    constants.push(integers(`${constant.name}_base`, grown.bases), integers(`${constant.name}_slope`, grown.slopes));
    added.push(node('Mul', [BATCH_LENGTH, `${constant.name}_slope`], `${constant.name}_grown`));
    added.push(node('Add', [`${constant.name}_grown`, `${constant.name}_base`], constant.name));
  }
  const [first] = graph.inputs.filter(({ name }) => name.startsWith('x'));
  if (added.length > 0 && !first) return undefined;
  const length = added.length > 0 && first ? [shapeNode(first.name)] : [];
  const values = (side: 'inputs' | 'outputs') =>
    graph[side].map((value, i) => ({
      ...value,
      shape: value.shape.map((dimension, axis) => {
        const found = traces.map((trace) => trace.graph[side][i]?.shape[axis] ?? 0);
        if (found.every((one) => one === dimension)) return dimension;
        return found.every((one, at) => one === traces[at]?.rows) ? BATCH : `${BATCH}_${value.name}_${axis}`;
      }),
    }));
  return {
    inputs: values('inputs'),
    outputs: values('outputs'),
    constants,
    nodes: [...length, ...added, ...graph.nodes],
  };
}

const BATCH_LENGTH = 'batch_length';

/** How many rows came, as a list of one. */
function shapeNode(input: string): OnnxNode {
  return { ...node('Shape', [input], BATCH_LENGTH), attributes: { start: 0, end: 1 } };
}

function node(op: string, inputs: readonly string[], output: string): OnnxNode {
  return { op, domain: '', inputs, outputs: [output], attributes: {} };
}

/** The same operators on values of the same names, whatever their shapes. */
function alike(graphs: readonly OnnxGraph[]): boolean {
  const plain = ({ nodes, inputs, outputs, constants }: OnnxGraph) =>
    JSON.stringify([
      nodes,
      ...[inputs, outputs, constants].map((values) => values.map(({ name, dtype }) => [name, dtype])),
    ]);
  return new Set(graphs.map(plain)).size === 1;
}

/** Each value of a list of whole numbers as `base + slope * rows`; undefined where it is something else. */
function growth(traces: readonly SizedTrace[], constants: readonly OnnxConstant[]) {
  const rows = traces.map((trace) => BigInt(trace.rows));
  const [a, b, c] = constants.map(readIntegers);
  const [rowsA = 0n, rowsB = 0n, rowsC = 0n] = rows;
  if (!a || !b || !c || a.length !== b.length || b.length !== c.length) return undefined;
  const slopes = a.map((value, i) => ((b[i] ?? 0n) - value) / (rowsB - rowsA));
  const bases = a.map((value, i) => value - (slopes[i] ?? 0n) * rowsA);
  const at = (i: number, of: bigint) => (bases[i] ?? 0n) + (slopes[i] ?? 0n) * of;
  const fits = b.every((value, i) => value === at(i, rowsB)) && c.every((value, i) => value === at(i, rowsC));
  return fits ? { slopes, bases } : undefined;
}

function readIntegers({ dtype, shape, bytes }: OnnxConstant): bigint[] | undefined {
  if (dtype !== 'int64' || shape.length !== 1) return undefined;
  return [...new BigInt64Array(bytes.slice().buffer)];
}

function integers(name: string, values: readonly bigint[]): OnnxConstant {
  const data = BigInt64Array.from(values);
  return { name, dtype: 'int64', shape: [values.length], bytes: new Uint8Array(data.buffer) };
}

/** Reshape works one dimension out by itself, which keeps the graph plain. */
function isShapeOfReshapes({ nodes }: OnnxGraph, name: string): boolean {
  return nodes.every(({ op, inputs }) => !inputs.includes(name) || (op === 'Reshape' && inputs[0] !== name));
}

function same(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
