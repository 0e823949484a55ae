import { ndarray, sizeOf, type NdArray, type TensorSpec } from '../ndarray.js';
import { createRng } from '../rng.js';

/** Numbers as a model may meet them: floats within 0 to 1, whole numbers within their range, 0 and 1 where it is not known. */
export function sampleOf(spec: TensorSpec, rows: number, openLength: number): NdArray {
  const shape = [rows, ...spec.shape.map((length) => length ?? openLength)];
  const rng = createRng('trial', spec.name);
  const { min, max } = spec;
  const whole = spec.dtype !== 'float32' || isWholeRange(min, max);
  const low = min ?? (max === undefined ? 0 : Math.min(0, max));
  const high = max ?? (whole ? low + 1 : low + 0.95);
  const value = () =>
    whole ? low + rng.int(Math.floor(high - low) + 1) : low + (high - low) * (0.05 + 0.9 * rng.float());
  const values = Array.from({ length: sizeOf(shape) }, value);
  return ndarray(spec.dtype, shape, arrays[spec.dtype].from(values));
}

const arrays = { float32: Float32Array, int32: Int32Array, uint8: Uint8Array };

/** A range such as 0 to 9 of floats: class numbers, tokens. One up to 1 may as well be shares. */
function isWholeRange(min: number | undefined, max: number | undefined): boolean {
  return min !== undefined && max !== undefined && max > 1 && Number.isInteger(min) && Number.isInteger(max);
}
