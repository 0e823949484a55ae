import type { InferenceSession, Tensor } from 'onnxruntime-web';

/** What this engine needs of ONNX Runtime, whichever package it comes from. */
export interface OnnxRuntime {
  readonly kind: 'native' | 'wasm';
  /** One line for people when the native one was tried and is not there. */
  readonly notice: string | undefined;
  readonly Tensor: typeof Tensor;
  load(model: Uint8Array): Promise<InferenceSession>;
}

/** The API that `onnxruntime-node` and `onnxruntime-web` share. */
interface RuntimeModule {
  readonly InferenceSession: typeof InferenceSession;
  readonly Tensor: typeof Tensor;
  readonly env: { wasm: { numThreads?: number }; logLevel?: string };
}

/** A variable, so that a bundler for browsers leaves the native package alone. */
const NATIVE_PACKAGE = 'onnxruntime-node';

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

/** Loads ONNX Runtime: in Node the native one where it is installed, else WebAssembly. Throws what the import throws. */
export async function loadRuntime(kind?: OnnxRuntime['kind']): Promise<OnnxRuntime> {
  if (kind !== 'wasm' && isNode()) {
    try {
      return wrap('native', await import(NATIVE_PACKAGE));
    } catch (error) {
      if (kind === 'native') throw error;
    }
  }
  const runtime = pick(await import('onnxruntime-web'));
  runtime.env.wasm.numThreads = 1;
  const slower = isNode() && kind === undefined;
  return wrap(
    'wasm',
    runtime,
    slower ? `${NATIVE_PACKAGE} is not usable here; ONNX Runtime computes on wasm` : undefined,
  );
}

function wrap(kind: OnnxRuntime['kind'], module: unknown, notice?: string): OnnxRuntime {
  const runtime = pick(module);
  return {
    kind,
    notice,
    Tensor: runtime.Tensor,
    load: (model) =>
      runtime.InferenceSession.create(model, {
        ...sessionOptions,
        executionProviders: [kind === 'native' ? 'cpu' : 'wasm'],
      }),
  };
}

/** A CommonJS package appears under `default`. */
function pick(module: unknown): RuntimeModule {
  const given = module as RuntimeModule & { default?: RuntimeModule };
  return given.default?.InferenceSession ? given.default : given;
}

export function isNode(): boolean {
  const host = globalThis as { process?: { versions?: { node?: string } } };
  return host.process?.versions?.node !== undefined;
}
