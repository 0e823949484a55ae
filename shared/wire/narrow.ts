import { TandemError } from '../errors.js';
import { sizeOf, type NdArray } from '../ndarray.js';
import type { PackedArray } from '../protocol/tensor-payload.js';

/** Whole numbers from 0 in as few bits as the largest needs: labels of ten classes take four. */
const WIDTHS = [1, 2, 4, 8, 16] as const;

/** Undefined where they need as many bytes as before. */
export function narrow({ dtype, shape, data }: NdArray): PackedArray | undefined {
  let [least, most] = [0, 0];
  for (const value of data) {
    if (value < least) least = value;
    if (value > most) most = value;
  }
  const bits = WIDTHS.find((width) => most < 2 ** width);
  if (dtype === 'float32' || least < 0 || bits === undefined || bits >= 8 * data.BYTES_PER_ELEMENT) return undefined;
  return { dtype, shape, data: packBits(data as Int32Array | Uint8Array, bits), bits };
}

/** Throws BAD_MESSAGE for a width that there is not, or bytes that do not fit. */
export function widen({ dtype, shape, data, bits }: PackedArray): NdArray {
  const count = sizeOf(shape);
  if (!WIDTHS.some((width) => width === bits) || data.length !== Math.ceil((count * bits) / 8)) {
    throw new TandemError('BAD_MESSAGE', `${count} whole numbers of ${bits} bits do not fill ${data.length} bytes`);
  }
  const values = dtype === 'uint8' ? new Uint8Array(count) : new Int32Array(count);
  const mask = 2 ** bits - 1;
  if (bits === 16) for (let i = 0; i < count; i++) values[i] = (data[2 * i] ?? 0) | ((data[2 * i + 1] ?? 0) << 8);
  else for (let i = 0; i < count; i++) values[i] = ((data[(i * bits) >> 3] ?? 0) >> ((i * bits) & 7)) & mask;
  return { dtype, shape, data: values };
}

function packBits(data: Int32Array | Uint8Array, bits: number): Uint8Array {
  const bytes = new Uint8Array(Math.ceil((data.length * bits) / 8));
  data.forEach((value, i) => {
    const at = i * bits;
    bytes[at >> 3] = (bytes[at >> 3] ?? 0) | ((value << (at & 7)) & 0xff);
    if (bits === 16) bytes[(at >> 3) + 1] = value >> 8;
  });
  return bytes;
}
