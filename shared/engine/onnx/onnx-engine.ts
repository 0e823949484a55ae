import type { Engine } from '../engine.js';
import { readyQuietly } from '../quiet-cpu.js';
import { FallbackSegment } from './fallback-segment.js';
import { loadRuntime, type OnnxRuntime } from './runtime.js';

export interface OnnxEngineOptions {
  /** Which ONNX Runtime; by default the native one where there is one, else WebAssembly. */
  readonly runtime?: OnnxRuntime['kind'];
  /** Told when a segment runs on tfjs because it cannot be compiled: one line that says why. */
  readonly onNotice?: (text: string) => void;
}

/**
 * Segments compiled from what tfjs would run: the training step is recorded once and run by ONNX Runtime. A segment with
 * an operation that cannot be compiled runs on tfjs. Throws what the import of ONNX Runtime throws where it is missing.
 */
export async function createOnnxEngine({ runtime: kind, onNotice }: OnnxEngineOptions = {}): Promise<Engine> {
  const runtime = await loadRuntime(kind);
  await readyQuietly();
  return {
    name: 'onnx',
    label: `onnx (${runtime.kind})`,
    notice: runtime.notice,
    segment: (options) => FallbackSegment.create(runtime, options, onNotice),
  };
}
