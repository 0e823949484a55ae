import { TandemError } from '../errors.js';
import { bytesOf, bytesPerElement, fromBytes, sizeOf, type DType, type NdArray } from '../ndarray.js';
import { limits } from './limits.js';

/** Their places are their codes on the wire. */
export const dtypes: readonly DType[] = ['float32', 'int32', 'uint8'];

/** Codes of tensors that shared/wire has packed; the entry then has a number before the shape: bytes of the first, bits a value of the others. */
export const packedCodes: Readonly<Record<DType, number>> = { float32: 3, int32: 4, uint8: 5 };
const packedDtypes = new Map<unknown, DType>(dtypes.map((dtype) => [packedCodes[dtype], dtype]));

/** A tensor whose values stand in other bytes than its dtype and shape ask for. */
export interface PackedArray extends NdArray {
  readonly data: Uint8Array;
  /** Bits a value, of whole numbers; 0 where a codec has made the bytes. */
  readonly bits: number;
}

export function isPacked(array: NdArray): array is PackedArray {
  return 'bits' in array;
}

/** Tensors as they stand in a header, `[dtype, ...shape]` each, and the bytes of their values. Throws BAD_MESSAGE. */
export function writeTensors(arrays: readonly NdArray[], where: string) {
  arrays.forEach((array, i) => checkTensor(array, `${where}[${i}]`));
  return {
    entries: arrays.map(entryOf),
    values: arrays.map(bytesOf),
  };
}

/** Takes a payload apart, tensor by tensor. */
export class PayloadReader {
  private at = 0;

  constructor(
    private readonly payload: Uint8Array,
    private readonly message: string,
    /** Whether tensors may be packed. */
    private readonly mayBePacked = false,
  ) {}

  /** Copied out of the payload, but for packed ones. Throws BAD_MESSAGE that names the tensor. */
  tensors(entries: readonly unknown[], where: string): NdArray[] {
    return entries.map((entry, i) => this.tensor(entry, `${where}[${i}]`));
  }

  rest(): Uint8Array {
    const rest = this.payload.subarray(this.at);
    this.at = this.payload.length;
    return rest;
  }

  end(): void {
    if (this.at !== this.payload.length) {
      throw new TandemError('BAD_MESSAGE', `${this.message} has ${this.payload.length - this.at} bytes too many`);
    }
  }

  private tensor(entry: unknown, where: string): NdArray {
    if (!Array.isArray(entry) || entry.length < 1 || entry.length > limits.rank + 2) throw rankOf(where);
    const [code, ...lengths] = entry as unknown[];
    const packed = this.mayBePacked ? packedDtypes.get(code) : undefined;
    if (packed !== undefined) return this.packed(packed, lengths, where);
    if (lengths.length > limits.rank) throw rankOf(where);
    const dtype = typeof code === 'number' ? dtypes[code] : undefined;
    if (dtype === undefined || !isShape(lengths)) throw kindOf(where);
    const shape: readonly number[] = lengths;
    const bytes = shape.reduce((product, length) => product * length, bytesPerElement[dtype]);
    return fromBytes(dtype, shape, this.take(bytes, where));
  }

  private packed(dtype: DType, [size, ...shape]: readonly unknown[], where: string): PackedArray {
    if (!isShape([size]) || !isShape(shape)) throw kindOf(where);
    const bits = dtype === 'float32' ? 0 : (size as number);
    const bytes = bits === 0 ? (size as number) : Math.ceil((sizeOf(shape) * bits) / 8);
    // Not a copy: unpacking them makes one.
    return { dtype, shape, data: this.take(bytes, where), bits };
  }

  private take(bytes: number, where: string): Uint8Array {
    const end = this.at + bytes;
    if (!(end <= this.payload.length)) {
      throw new TandemError('BAD_MESSAGE', `${where} needs ${bytes} bytes, ${this.payload.length - this.at} are left`);
    }
    const piece = this.payload.subarray(this.at, end);
    this.at = end;
    return piece;
  }
}

function entryOf(array: NdArray): readonly number[] {
  const { dtype, shape } = array;
  if (!isPacked(array)) return [dtypes.indexOf(dtype), ...shape];
  return [packedCodes[dtype], array.bits === 0 ? array.data.length : array.bits, ...shape];
}

/** What the other side would refuse is not sent. */
function checkTensor(array: NdArray, where: string): void {
  const { dtype, shape, data } = array;
  if (shape.length > limits.rank) throw rankOf(where);
  if (!dtypes.includes(dtype) || !isShape(shape)) throw kindOf(where);
  if (isPacked(array)) return;
  if (sizeOf(shape) === data.length) return;
  throw new TandemError('BAD_MESSAGE', `${where} has ${data.length} values, its shape ${sizeOf(shape)}`);
}

function isShape(shape: readonly unknown[]): shape is readonly number[] {
  return shape.every((length) => Number.isSafeInteger(length) && (length as number) >= 0);
}

function rankOf(where: string): TandemError {
  return new TandemError('BAD_MESSAGE', `${where} is not [dtype, ...shape] of rank at most ${limits.rank}`);
}

function kindOf(where: string): TandemError {
  const what = `${where} has an unknown dtype or a length that is not an integer of at least 0`;
  return new TandemError('BAD_MESSAGE', what);
}
