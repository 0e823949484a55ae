import { TandemError } from '../errors.js';
import { bytesOf, bytesPerElement, fromBytes, sizeOf, type DType, type NdArray } from '../ndarray.js';
import { limits } from './limits.js';

/** Their places are their codes on the wire. */
export const dtypes: readonly DType[] = ['float32', 'int32', 'uint8'];

/** Tensors as they stand in a header, `[dtype, ...shape]` each, and the bytes of their values. Throws BAD_MESSAGE. */
export function writeTensors(arrays: readonly NdArray[], where: string) {
  arrays.forEach((array, i) => checkTensor(array, `${where}[${i}]`));
  return {
    entries: arrays.map(({ dtype, shape }) => [dtypes.indexOf(dtype), ...shape]),
    values: arrays.map(bytesOf),
  };
}

/** Takes a payload apart, tensor by tensor. */
export class PayloadReader {
  private at = 0;

  constructor(
    private readonly payload: Uint8Array,
    private readonly message: string,
  ) {}

  /** Copied out of the payload. Throws BAD_MESSAGE that names the tensor. */
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
    if (!Array.isArray(entry) || entry.length < 1 || entry.length > limits.rank + 1) throw rankOf(where);
    const [code, ...lengths] = entry as unknown[];
    const dtype = typeof code === 'number' ? dtypes[code] : undefined;
    if (dtype === undefined || !isShape(lengths)) throw kindOf(where);
    const shape: readonly number[] = lengths;
    const bytes = shape.reduce((product, length) => product * length, bytesPerElement[dtype]);
    const end = this.at + bytes;
    if (!(end <= this.payload.length)) {
      throw new TandemError('BAD_MESSAGE', `${where} needs ${bytes} bytes, ${this.payload.length - this.at} are left`);
    }
    const array = fromBytes(dtype, shape, this.payload.subarray(this.at, end));
    this.at = end;
    return array;
  }
}

/** What the other side would refuse is not sent. */
function checkTensor({ dtype, shape, data }: NdArray, where: string): void {
  if (shape.length > limits.rank) throw rankOf(where);
  if (!dtypes.includes(dtype) || !isShape(shape)) throw kindOf(where);
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
