import type { InferenceSession, Tensor } from 'onnxruntime-common';
import { sizeOf } from '../../ndarray.js';
import type { OnnxGraph, OnnxType, OnnxValue } from './graph/onnx-graph.js';
import type { OnnxRuntime } from './runtime.js';

export type Feeds = Record<string, Tensor>;

const arrays: Record<OnnxType, new (length: number) => Tensor.DataType> = {
  float32: Float32Array,
  int32: Int32Array,
  int64: BigInt64Array,
  bool: Uint8Array,
};

/** A graph that ONNX Runtime has compiled for one set of shapes. */
export class CompiledGraph {
  /** How long the last run held the thread, without the wait for its turn. */
  runMs = 0;

  private constructor(
    private readonly session: InferenceSession,
    private readonly graph: OnnxGraph,
    /** Outputs that the runtime writes into memory of ours, again and again. */
    private readonly fixed: Readonly<Record<string, Tensor | null>>,
    /** The same, where the runtime can only answer with arrays of its own. */
    private readonly copied: ReadonlyMap<string, Tensor>,
  ) {}

  /**
   * `placed` gives arrays in which some outputs belong; `reused` names outputs that are read before the next run, and so
   * may lie in the same memory each time.
   */
  static async create(
    runtime: OnnxRuntime,
    graph: OnnxGraph,
    placed: ReadonlyMap<string, Float32Array> = new Map(),
    reused: readonly string[] = [],
  ): Promise<CompiledGraph> {
    const session = await runtime.load(graph);
    if (runtime.kind === 'webgpu') await tryOut(runtime, session, graph);
    const tensors = new Map<string, Tensor>();
    for (const output of graph.outputs) {
      const place = placed.get(output.name);
      if (place) tensors.set(output.name, tensorFor(runtime, output, place));
      else if (reused.includes(output.name)) {
        tensors.set(output.name, tensorFor(runtime, output, new arrays[output.dtype](sizeOf(output.shape))));
      }
    }
    const native = runtime.kind === 'native';
    const fixed = graph.outputs.map(({ name }) => [name, native ? (tensors.get(name) ?? null) : null] as const);
    const copied = native ? [] : [...tensors].filter(([name]) => placed.has(name));
    return new CompiledGraph(session, graph, Object.fromEntries(fixed), new Map(copied));
  }

  /** Runs with the inputs it needs from `feeds`; others are ignored. */
  async run(feeds: Feeds): Promise<Feeds> {
    const given: Feeds = {};
    for (const { name } of this.graph.inputs) given[name] = feeds[name] as Tensor;
    let began = performance.now();
    // The native runtime computes in an immediate of its own; one queued just before tells when that begins.
    globalThis.setImmediate?.(() => (began = performance.now()));
    const results = await this.session.run(given, this.fixed);
    this.runMs = performance.now() - began;
    for (const [name, place] of this.copied) {
      (place.data as Float32Array).set((results[name] as Tensor).data as Float32Array);
    }
    return results;
  }

  async release(): Promise<void> {
    await this.session.release();
  }
}

export function tensorFor(
  runtime: OnnxRuntime,
  { dtype, shape }: Omit<OnnxValue, 'name'>,
  data: Tensor.DataType,
): Tensor {
  return new runtime.Tensor(dtype, data, shape);
}

/** WebGPU may compile an operation and fail when it runs: that has to show before anything of a step has changed. */
async function tryOut(runtime: OnnxRuntime, session: InferenceSession, graph: OnnxGraph): Promise<void> {
  const feeds = graph.inputs.map((input) => [
    input.name,
    tensorFor(runtime, input, new arrays[input.dtype](sizeOf(input.shape))),
  ]);
  await session.run(Object.fromEntries(feeds) as Feeds);
}
