import * as tf from '#tfjs';
import { encodeModel, type DescribedGraph } from '../engine/onnx/graph/encode-model.js';
import type { OnnxAttributes, OnnxConstant, OnnxGraph, OnnxType } from '../engine/onnx/graph/onnx-graph.js';
import { UntraceableError } from '../engine/onnx/lowerings/lowering.js';
import { inputName, traceInference, weightName, type TraceableModel } from '../engine/onnx/trace/trace-segment.js';
import { RandomSource, seedLayers } from '../engine/tfjs/random-layers.js';
import { TandemError } from '../errors.js';
import type { Chances } from '../model/chances.js';
import { weightsOf } from '../model/layer-tree.js';
import { namedWeights } from './named-weights.js';
import { openBatch, type SizedTrace } from './open-batch.js';
import { asOpset17 } from './opset-17.js';

export interface OnnxFileOptions {
  readonly chances?: Chances | undefined;
  readonly metadata?: Readonly<Record<string, string>>;
}

export interface OnnxFile {
  readonly bytes: Uint8Array;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Whether it takes any number of rows; else it takes one. */
  readonly anyBatch: boolean;
}

/** Primes that no model has as a size by chance. */
const ROWS = [101, 103, 107] as const;
/** June 2022. */
export const OPSET = 17;

/**
 * A model as an .onnx file of operator set 17: the same lowering that the compiled engine trains with, of its forward pass. Its inputs
 * are named as the model's, its first dimension is the batch. The model's layers are patched (patch-layers.ts), and it is used up: dispose it. Throws BAD_MODEL for a model that
 * the compiled engine cannot hold, and for inputs of open length.
 */
export function onnxFile(model: tf.LayersModel, { chances, metadata = {} }: OnnxFileOptions = {}): OnnxFile {
  const { graph, anyBatch } = modelGraph(model);
  const named = withNames(chances ? withChances(graph, chances) : graph, model);
  return {
    bytes: encodeModel(named, { opset: OPSET, metadata }),
    inputs: named.inputs.map(({ name }) => name),
    outputs: named.outputs.map(({ name }) => name),
    anyBatch,
  };
}

/** The forward pass as a graph with its weights, for any number of rows where there can be one, else for one row. Throws BAD_MODEL. */
export function modelGraph(model: tf.LayersModel): { readonly graph: DescribedGraph; readonly anyBatch: boolean } {
  const weights = namedWeights(model);
  const trace = tracer(model);
  try {
    const sized = ROWS.map((rows) => ({ rows, graph: trace(rows) })) as unknown as [SizedTrace, SizedTrace, SizedTrace];
    const opened = openBatch(sized);
    return { graph: withWeights(asOpset17(opened ?? trace(1)), weights), anyBatch: opened !== undefined };
  } catch (error) {
    if (!(error instanceof UntraceableError)) throw error;
    const what = `the model cannot be written as ONNX: there is ${error.message}`;
    throw new TandemError('BAD_MODEL', what, 'export it with --format tfjs');
  }
}

/** Traces the forward pass with so many rows. */
function tracer(model: tf.LayersModel): (rows: number) => OnnxGraph {
  const traceable: TraceableModel = {
    model,
    variables: model.layers.flatMap((layer) => weightsOf(layer).map((weight) => weight.read() as tf.Variable)),
    trainable: [],
    loss: undefined,
    wantsInputGradients: false,
    randomRecorder: undefined,
    random: new RandomSource(0, 0),
  };
  seedLayers(model, traceable.random, (source, layer, call) => {
    const { randomRecorder } = traceable;
    return randomRecorder ? randomRecorder.run(source, layer.name, call) : call();
  });
  return (rows) => {
    const inputs = model.inputs.map((input) => ({
      dtype: input.dtype as OnnxType,
      shape: [rows, ...closedShape(input)],
    }));
    const { graph, random } = traceInference(traceable, { inputs, labels: undefined });
    const [drawn] = random;
    if (drawn) throw new UntraceableError(`layer '${drawn.layer}', which draws random numbers when it predicts`);
    return graph;
  };
}

function closedShape({ name, shape }: tf.SymbolicTensor): number[] {
  return shape.slice(1).map((length) => {
    if (length !== null) return length;
    const what = `the model cannot be written as ONNX: its input '${name}' is [${shape.slice(1).map(String).join(', ')}], of open length`;
    throw new TandemError('BAD_MODEL', what, 'give its input layer the length, or export it with --format tfjs');
  });
}

/** The weights that predictions need become values of the file. */
function withWeights(graph: DescribedGraph, weights: ReturnType<typeof namedWeights>): DescribedGraph {
  const names = new Map(weights.map(({ name }, i) => [weightName(i), name] as const));
  const needed = new Set(graph.inputs.map(({ name }) => name));
  const values = weights.flatMap(({ name, value }, i): OnnxConstant[] => {
    if (!needed.has(weightName(i))) return [];
    const { buffer, byteOffset, byteLength } = value.data;
    const bytes = new Uint8Array(buffer, byteOffset, byteLength);
    return [{ name, dtype: value.dtype as OnnxType, shape: value.shape, bytes }];
  });
  const renamed = renaming(graph, names);
  return {
    ...renamed,
    inputs: graph.inputs.filter(({ name }) => !names.has(name)),
    constants: [...graph.constants, ...values],
  };
}

function withChances(graph: DescribedGraph, op: Chances): DescribedGraph {
  const [output] = graph.outputs;
  if (!output) return graph;
  const attributes: OnnxAttributes = op === 'Softmax' ? { axis: -1 } : {};
  const chances = { ...output, name: CHANCES };
  const node = { op, domain: '', inputs: [output.name], outputs: [CHANCES], attributes };
  return { ...graph, nodes: [...graph.nodes, node], outputs: [chances, ...graph.outputs.slice(1)] };
}

const CHANCES = 'probabilities';

/** The names that the model gives what goes in and comes out, instead of the trace's. */
function withNames(graph: DescribedGraph, { inputNames, outputNames }: tf.LayersModel): DescribedGraph {
  const names = new Map<string, string>();
  inputNames.forEach((name, i) => names.set(inputName(i), name));
  graph.outputs.forEach(({ name }, i) => {
    const wanted = outputNames[i] ?? name;
    if (name !== CHANCES) names.set(name, inputNames.includes(wanted) ? `${wanted}_out` : wanted);
  });
  return renaming(graph, names);
}

function renaming(graph: DescribedGraph, names: ReadonlyMap<string, string>): DescribedGraph {
  const named = (name: string) => names.get(name) ?? name;
  const values = <T extends { readonly name: string }>(list: readonly T[]) =>
    list.map((value) => ({ ...value, name: named(value.name) }));
  return {
    constants: graph.constants,
    inputs: values(graph.inputs),
    outputs: values(graph.outputs),
    nodes: graph.nodes.map((node) => ({ ...node, inputs: node.inputs.map(named), outputs: node.outputs.map(named) })),
  };
}
