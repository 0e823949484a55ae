import type { Engine, Segment, SegmentOptions } from '../engine.js';
import { readyQuietly } from '../quiet-cpu.js';
import { FallbackSegment } from './fallback-segment.js';
import { MovingSegment } from './moving-segment.js';
import { isNode } from '../../node-module.js';
import type { OnLoading } from '../../read-body.js';
import { loadRuntime, type OnnxRuntime } from './runtime.js';
import { segmentName, stayNotice, type SegmentReports } from './segment-reports.js';

/** `auto`: heavy segments get a thread of their own; only in Node, a browser's page hands its work to a worker itself. */
export type Workers = 'auto' | 'always' | 'never';

export interface OnnxReports {
  /** Told when a segment computes more slowly, or in the way of others: one line that says why. */
  readonly onNotice?: (text: string) => void;
  /** Told once for each part of a model, in one line, how long compiling it took. */
  readonly onCompiled?: (text: string) => void;
}

export interface OnnxEngineOptions extends OnnxReports {
  /** Which ONNX Runtime; by default the native one, or in a browser WebGPU, where there is one, else WebAssembly. */
  readonly runtime?: OnnxRuntime['kind'];
  /** Where a page finds the files of onnxruntime-web, ending in `/`; by default its bundler knows. */
  readonly wasmFiles?: string;
  /** In a page with `wasmFiles`: told how much of them has come. */
  readonly onLoading?: OnLoading;
  readonly workers?: Workers;
}

/**
 * Segments compiled from what tfjs would run: the training step is recorded once and run by ONNX Runtime. A segment with
 * an operation that cannot be compiled runs on tfjs. Throws what the import of ONNX Runtime throws where it is missing.
 */
export async function createOnnxEngine(options: OnnxEngineOptions = {}): Promise<Engine> {
  const runtime = await loadRuntime({
    kind: options.runtime,
    wasmFiles: options.wasmFiles,
    onLoading: options.onLoading,
  });
  await readyQuietly();
  const workers = isNode() ? (options.workers ?? 'auto') : 'never';
  const told = new Set<string>();
  return {
    name: 'onnx',
    label: `onnx (${runtime.kind})`,
    notice: runtime.notice,
    segment: (segment) => createSegment(workers, runtime, segment, reportsOf(segment, options, told)),
  };
}

async function createSegment(
  workers: Workers,
  runtime: OnnxRuntime,
  options: SegmentOptions,
  reports: SegmentReports,
): Promise<Segment> {
  switch (workers) {
    case 'never':
      return FallbackSegment.create(runtime, options, reports);
    case 'auto':
      return MovingSegment.create(runtime, options, reports);
    case 'always': {
      const { WorkerSegment } = await import('./worker-segment.js');
      return WorkerSegment.start(runtime.kind, options, reports).catch((error: unknown) => {
        reports.notice(stayNotice(options.spec, error));
        return FallbackSegment.create(runtime, options, reports);
      });
    }
  }
}

/** The clients of a simulation have the same segments; people hear of each once. */
function reportsOf({ spec }: SegmentOptions, { onNotice, onCompiled }: OnnxReports, told: Set<string>): SegmentReports {
  return {
    notice: (text) => onNotice?.(text),
    compiled: (ms) => {
      if (told.has(spec.topology)) return;
      told.add(spec.topology);
      onCompiled?.(`compiled ${segmentName(spec)} in ${(ms / 1000).toFixed(ms < 100 ? 2 : 1)} s`);
    },
  };
}
