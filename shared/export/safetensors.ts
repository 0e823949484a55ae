import { TandemError } from '../errors.js';
import { bytesOf, type NdArray } from '../ndarray.js';

const types = { float32: 'F32', int32: 'I32', uint8: 'U8' } as const;

/**
 * Named tensors as a .safetensors file: the header's length as eight bytes, little-endian, then the header as JSON, then all values.
 * Format: https://huggingface.co/docs/safetensors. Throws BAD_MODEL where two tensors have one name.
 */
export function safetensors(
  tensors: readonly (readonly [name: string, value: NdArray])[],
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let at = 0;
  for (const [name, { dtype, shape, data }] of tensors) {
    if (Object.hasOwn(header, name)) throw new TandemError('BAD_MODEL', `two weights are named '${name}'`);
    header[name] = { dtype: types[dtype], shape, data_offsets: [at, (at += data.byteLength)] };
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  // Readers map the values into memory, where numbers begin at multiples of eight.
  const length = Math.ceil(json.length / 8) * 8;
  const file = new Uint8Array(8 + length + at).fill(0x20, 8, 8 + length);
  new DataView(file.buffer).setBigUint64(0, BigInt(length), true);
  file.set(json, 8);
  let next = 8 + length;
  for (const [, value] of tensors) {
    file.set(bytesOf(value), next);
    next += value.data.byteLength;
  }
  return file;
}
