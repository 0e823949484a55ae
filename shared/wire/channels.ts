import type { Scales } from './scales.js';

/** The least and the largest of each channel and 0; the channels of a row stand one beside the other. */
export function rangesOfChannels(values: Float32Array, least: Float64Array, most: Float64Array): void {
  const groups = least.length;
  for (let start = 0; start < values.length; start += groups) {
    for (let c = 0; c < groups; c++) {
      const value = values[start + c] as number;
      if (value < (least[c] as number)) least[c] = value;
      else if (value > (most[c] as number)) most[c] = value;
    }
  }
}

/** Levels as values. */
export function restoreChannels(symbols: Uint8Array, { steps, zeros }: Scales, values: Float32Array): void {
  const groups = steps.length;
  for (let start = 0; start < values.length; start += groups) {
    for (let c = 0; c < groups; c++) {
      values[start + c] = ((symbols[start + c] as number) - (zeros[c] as number)) * (steps[c] as number);
    }
  }
}
