import type { InferenceSession, Tensor } from 'onnxruntime-common';
import { asTandemError, TandemError } from '../../errors.js';
import { isNode, nodeModule } from '../../node-module.js';
import { readBody, type OnLoading } from '../../read-body.js';
import { encodeModel, nodeName } from './graph/encode-model.js';
import type { OnnxGraph, OnnxNode } from './graph/onnx-graph.js';
import { turnTelemetryOff } from './telemetry.js';

/** What this engine needs of ONNX Runtime, whichever package it comes from. */
export interface OnnxRuntime {
  readonly kind: 'native' | 'webgpu' | 'wasm';
  /** One line for people when a faster one was tried and is not there. */
  readonly notice: string | undefined;
  readonly Tensor: typeof Tensor;
  /** Where a page finds wasm files, for those that load more of them. */
  readonly wasmFiles?: string | undefined;
  /** Compiles a graph. */
  load(graph: OnnxGraph): Promise<InferenceSession>;
  /** Opens the bytes of an .onnx file, to run them as anybody would. */
  open(file: Uint8Array): Promise<InferenceSession>;
}

/** The API that `onnxruntime-node` and `onnxruntime-web` share. */
interface RuntimeModule {
  readonly InferenceSession: typeof InferenceSession;
  readonly Tensor: typeof Tensor;
}

/** A build for WebAssembly as packing/vendor.ts bundles it, with the name of the file that it loads and where a bundler put that. */
interface WasmModule extends RuntimeModule {
  readonly env: { readonly wasm: { numThreads?: number; wasmPaths?: { wasm: string }; wasmBinary?: Uint8Array } };
  readonly wasmName: string;
  readonly wasmBytes: number;
  readonly wasmPlace: string | undefined;
}

/** One thread a session: small models gain nothing from two, and several segments share a machine. */
const sessionOptions: InferenceSession.SessionOptions = {
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  executionMode: 'sequential',
  // The next level repacks images for pooling, which costs more than it gains where filters are not constants.
  graphOptimizationLevel: 'extended',
  enableCpuMemArena: true,
  enableMemPattern: true,
  // Its warnings are about graphs as people export them.
  logSeverityLevel: 3,
};

export interface RuntimeOptions {
  /** Which one; by default the fastest that works here. */
  readonly kind?: OnnxRuntime['kind'] | undefined;
  /** Where a page finds the `.wasm` files, ending in `/`; by default its bundler knows, and there is none for WebGPU. */
  readonly wasmFiles?: string | undefined;
  /** In a page: told how much of the `.wasm` file has come. */
  readonly onLoading?: OnLoading | undefined;
}

/**
 * Loads ONNX Runtime: in Node the native one where it is installed, in a browser WebGPU where there is a GPU, else
 * WebAssembly. Throws what the import throws, MISSING where WebGPU was asked for and does not work.
 */
export async function loadRuntime({ kind, wasmFiles, onLoading }: RuntimeOptions = {}): Promise<OnnxRuntime> {
  return isNode() ? loadInNode(kind) : loadInBrowser(kind, wasmFiles, onLoading);
}

async function loadInNode(kind: OnnxRuntime['kind'] | undefined): Promise<OnnxRuntime> {
  if (kind === 'webgpu') throw new TandemError('MISSING', 'WebGPU is for browsers', 'use the native runtime in Node');
  let notice: string | undefined;
  if (kind !== 'wasm') {
    try {
      turnTelemetryOff();
      return wrap('native', pick(await import('#onnxruntime/native')));
    } catch (error) {
      if (kind === 'native') throw error;
      notice = `${whyNotNative(error)}; ONNX Runtime computes on wasm`;
    }
  }
  const wasm = (await import('#onnxruntime/wasm')) as unknown as WasmModule;
  if (wasm.wasmPlace !== undefined)
    wasm.env.wasm.wasmBinary = nodeModule('node:fs').readFileSync(new URL(wasm.wasmPlace));
  return wrap('wasm', onOneThread(wasm), notice);
}

function whyNotNative(error: unknown): string {
  const { code, message } = asTandemError(error);
  if (code === 'MISSING') return message;
  const [reason = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
  return `the native ONNX Runtime is not usable here (${reason})`;
}

async function loadInBrowser(
  kind: OnnxRuntime['kind'] | undefined,
  files?: string,
  onLoading?: OnLoading,
): Promise<OnnxRuntime> {
  let notice: string | undefined;
  if (kind !== 'wasm') {
    let why =
      files === undefined ? 'its WebGPU build is loaded from `wasmFiles` only' : await withoutGpu(kind === 'webgpu');
    if (why === undefined) {
      const module = (await import('#onnxruntime/webgpu')) as unknown as WasmModule;
      await fetchAhead(module, files, onLoading);
      const runtime = wrap('webgpu', onOneThread(module, files));
      if (await works(runtime)) return { ...runtime, wasmFiles: files };
      why = 'WebGPU fails at its first operation';
    }
    if (kind === 'webgpu') throw new TandemError('MISSING', why, 'use wasm');
    notice = `ONNX Runtime computes on wasm: ${why}`;
  }
  const module = (await import('#onnxruntime/wasm')) as unknown as WasmModule;
  await fetchAhead(module, files, onLoading);
  return { ...wrap('wasm', onOneThread(module, files), notice), wasmFiles: files };
}

/** Why WebGPU is not used; a GPU that the browser makes up in software is slower than wasm. */
async function withoutGpu(takesSoftware: boolean): Promise<string | undefined> {
  interface Adapter {
    readonly isFallbackAdapter?: boolean;
    readonly info?: { readonly isFallbackAdapter?: boolean };
  }
  const { gpu } = globalThis.navigator as { gpu?: { requestAdapter(): Promise<Adapter | null> } };
  // No adapter is no GPU.
  const adapter = await gpu?.requestAdapter().catch(() => null);
  if (!adapter) return 'there is no WebGPU here';
  const software = adapter.isFallbackAdapter ?? adapter.info?.isFallbackAdapter ?? false;
  return software && !takesSoftware ? 'WebGPU has no GPU here' : undefined;
}

/** A runtime that loads can still fail at its first operation. */
async function works(runtime: OnnxRuntime): Promise<boolean> {
  const value = (name: string, shape: number[]) => ({ name, dtype: 'float32' as const, shape });
  const [inputs, outputs] = [[value('a', [1, 2]), value('b', [2, 1])], [value('product', [1, 1])]];
  const node = { op: 'MatMul', domain: '', inputs: ['a', 'b'], outputs: ['product'], attributes: {} };
  try {
    const session = await runtime.load({ inputs, outputs, constants: [], nodes: [node] });
    const tensor = (data: number[], shape: number[]) => new runtime.Tensor('float32', Float32Array.from(data), shape);
    const { product } = await session.run({ a: tensor([2, 3], [1, 2]), b: tensor([5, 7], [2, 1]) });
    await session.release();
    return product?.data[0] === 31;
  } catch {
    // The next runtime is tried, with a notice.
    return false;
  }
}

/** Fetches what the runtime would fetch without a word, where somebody waits for it. */
async function fetchAhead(module: WasmModule, files?: string, onLoading?: OnLoading): Promise<void> {
  const { env, wasmName, wasmBytes } = module;
  if (files === undefined || !onLoading || env.wasm.wasmBinary) return;
  // The runtime fetches it itself then, and says what is wrong.
  const response = await fetch(`${files}${wasmName}`).catch(() => undefined);
  if (response?.ok) env.wasm.wasmBinary = await readBody(response, 'what computes', onLoading, wasmBytes);
}

function onOneThread(module: WasmModule, files?: string): RuntimeModule {
  const { env, wasmName, wasmPlace } = module;
  env.wasm.numThreads = 1;
  const wasm = files === undefined ? wasmPlace : `${files}${wasmName}`;
  if (wasm !== undefined) env.wasm.wasmPaths = { wasm };
  return module;
}

const providers = { native: 'cpu', wasm: 'wasm' } as const;

function wrap(kind: OnnxRuntime['kind'], runtime: RuntimeModule, notice?: string): OnnxRuntime {
  return {
    kind,
    notice,
    Tensor: runtime.Tensor,
    load: (graph) =>
      runtime.InferenceSession.create(encodeModel(graph), {
        ...sessionOptions,
        executionProviders: [providerFor(kind, graph)],
      }),
    open: (file) =>
      runtime.InferenceSession.create(file, { executionProviders: [kind === 'webgpu' ? 'webgpu' : providers[kind]] }),
  };
}

function providerFor(kind: OnnxRuntime['kind'], { nodes }: OnnxGraph): InferenceSession.ExecutionProviderConfig {
  if (kind !== 'webgpu') return providers[kind];
  const names = nodes.filter(failsOnGpu).map(nodeName);
  return names.length > 0 ? { name: 'webgpu', forceCpuNodeNames: names } : 'webgpu';
}

/**
 * What ONNX Runtime 1.30 gives to WebGPU though it cannot do it there: max pooling fails to say where the maxima were,
 * and a transposed convolution in groups answers wrong numbers.
 */
function failsOnGpu({ op, outputs, attributes }: OnnxNode): boolean {
  if (op === 'MaxPool') return outputs.length > 1;
  return op === 'ConvTranspose' && (attributes.group ?? 1) !== 1;
}

/** A CommonJS package appears under `default`. */
function pick(module: unknown): RuntimeModule {
  const given = module as RuntimeModule & { default?: RuntimeModule };
  return given.default?.InferenceSession ? given.default : given;
}
