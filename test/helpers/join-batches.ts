import type { Batch } from '../../shared/data/dataset.js';
import { ndarray, type NdArray } from '../../shared/ndarray.js';

/** Batches of several clients as one. */
export function joinBatches(batches: readonly Batch[]): Batch {
  return { inputs: joined(batches.map(({ inputs }) => inputs)), labels: joined(batches.map(({ labels }) => labels)) };
}

function joined(batches: readonly (readonly NdArray[])[]): NdArray[] {
  return (batches[0] ?? []).map(({ dtype, shape }, i) => {
    const rows = batches.map((arrays) => arrays[i]?.shape[0] ?? 0).reduce((sum, count) => sum + count, 0);
    const values = batches.flatMap((arrays) => Array.from(arrays[i]?.data ?? []));
    const data = dtype === 'int32' ? Int32Array.from(values) : Float32Array.from(values);
    return ndarray(dtype, [rows, ...shape.slice(1)], data);
  });
}
