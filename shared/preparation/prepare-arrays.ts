import type { NpyArray } from '../data/npy.js';
import { float32, sizeOf, type NdArray } from '../ndarray.js';
import type { ArrayPreparation } from './preparation.js';

/** Some samples of an array as the model takes them. */
export function preparedArray(
  { data }: NpyArray,
  rows: ArrayLike<number>,
  { shape, means, deviations }: ArrayPreparation,
): NdArray {
  const size = sizeOf(shape);
  const values = new Float32Array(rows.length * size);
  for (let i = 0; i < rows.length; i++) {
    const from = (rows[i] ?? 0) * size;
    for (let j = 0; j < size; j++) {
      const mean = means[j % means.length] ?? 0;
      const value = data[from + j] ?? NaN;
      // One that is missing is the mean, as in a table.
      values[i * size + j] = Number.isNaN(value) ? 0 : (value - mean) / (deviations[j % deviations.length] ?? 1);
    }
  }
  return float32([rows.length, ...shape], values);
}
