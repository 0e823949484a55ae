import type { CodecContext, CodecState, Decoded } from './codec.js';
import type { PartReader, PartWriter } from './parts.js';

/** Values to symbols and back: a codec without the question of how symbols stand in bytes. */
export interface Front {
  /** Returns the next state. */
  encode(values: Float32Array, context: CodecContext, state: CodecState, out: PartWriter): CodecState;
  decode(context: CodecContext, state: CodecState, from: PartReader): Decoded;
  errorBound(values: Float32Array, context: CodecContext, state: CodecState): number;
}

/** Changes values before another front sees them. */
export type Transform = (inner: Front) => Front;

/** Rows are samples; a tensor of one dimension, or none, is a row. */
export function rowsOf(shape: readonly number[], count: number): { readonly rows: number; readonly width: number } {
  const rows = shape.length > 1 ? (shape[0] ?? 1) : 1;
  return { rows, width: rows > 0 ? count / rows : 0 };
}

/** How many values a shape has. */
export function countOf({ shape }: Pick<CodecContext, 'shape'>): number {
  return shape.reduce((product, length) => product * length, 1);
}

/** Whether values are rounded at random, so that errors average out over steps. */
export function isRandom({ learns, once = false }: CodecContext): boolean {
  return learns && !once;
}
