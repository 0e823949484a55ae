import type { Scales } from './scales.js';

/** The inner loops of quantisers whose ranges are of rows, `width` values each. All that do them give the same bits. */
export interface RowLoops {
  /** The least and the largest of each row and 0. */
  ranges(values: Float32Array, width: number, least: Float64Array, most: Float64Array): void;
  /** To the level below or above at random, by the seed; without one to the nearest. */
  quantise(values: Float32Array, scales: Scales, width: number, seed: number | null, symbols: Uint8Array): void;
  restore(symbols: Uint8Array, scales: Scales, width: number, values: Float32Array): void;
}
