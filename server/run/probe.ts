import { ndarray, sizeOf, type NdArray, type TensorSpec } from '../../shared/ndarray.js';
import { sampleOf } from '../../shared/trial/sample.js';

/** Zeros, ones, values within 0 to 1, and the same below 0, one sample each, where an input may have them; else values within its range. */
export function probeOf(spec: TensorSpec, openLength: number): NdArray {
  const sample = sampleOf(spec, 4, openLength);
  if (spec.dtype !== 'float32' || spec.min !== undefined || spec.max !== undefined) return sample;
  const size = sizeOf(sample.shape.slice(1));
  const data = Float32Array.from(sample.data as Float32Array, (value, i) => {
    const row = Math.floor(i / size);
    return row === 0 ? 0 : row === 1 ? 1 : row === 2 ? value : -value;
  });
  return ndarray('float32', sample.shape, data);
}
