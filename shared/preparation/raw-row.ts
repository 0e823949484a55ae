import type { FileType } from '../engine/onnx/graph/onnx-graph.js';

/** What an exported model reads of one sample, by the names of its inputs: as it lies in a file, with a batch of one. */
export type RawRow = Readonly<Record<string, RawValue>>;

export interface RawValue {
  readonly dtype: Extract<FileType, 'float64' | 'float32' | 'uint8' | 'string'>;
  readonly shape: readonly number[];
  readonly data: Float64Array | Float32Array | Uint8Array | readonly string[];
}
