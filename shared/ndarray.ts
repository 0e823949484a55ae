import { TandemError } from './errors.js';

/** The one tensor type that crosses a module, a thread or a wire: a typed array with its shape. No engine handle. */
export interface NdArray {
  readonly dtype: DType;
  /** Row-major; a scalar has the empty shape. */
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array | Uint8Array;
}

export type DType = 'float32' | 'int32' | 'uint8';

/** Shape and dtype without the batch dimension, as a contract states them. */
export interface TensorSpec {
  readonly name: string;
  readonly dtype: DType;
  /** One entry a dimension, batch excluded; null where any length is accepted. */
  readonly shape: readonly (number | null)[];
  /** Smallest and largest value allowed, both included. */
  readonly min?: number;
  readonly max?: number;
}

const constructors = { float32: Float32Array, int32: Int32Array, uint8: Uint8Array } as const;

export const bytesPerElement: Readonly<Record<DType, number>> = { float32: 4, int32: 4, uint8: 1 };

export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

/** Throws BAD_DATA for a number that float32 would make infinite. */
export function float32(shape: readonly number[], data: ArrayLike<number>): NdArray {
  const kept = Float32Array.from(data);
  refuseChanged('float32', data, kept, (value, stored) => Number.isFinite(stored) || !Number.isFinite(value));
  return ndarray('float32', shape, kept);
}

/** Throws BAD_DATA for a number that int32 would cut or wrap. */
export function int32(shape: readonly number[], data: ArrayLike<number>): NdArray {
  const kept = Int32Array.from(data);
  refuseChanged('int32', data, kept, (value, stored) => value === stored);
  return ndarray('int32', shape, kept);
}

function refuseChanged(
  dtype: DType,
  given: ArrayLike<number>,
  kept: NdArray['data'],
  isKept: (value: number, stored: number) => boolean,
): void {
  if (given instanceof kept.constructor || given instanceof Uint8Array) return;
  for (let i = 0; i < kept.length; i++) {
    const value = given[i] ?? NaN;
    if (isKept(value, kept[i] ?? NaN)) continue;
    throw new TandemError(
      'BAD_DATA',
      `${dtype} cannot hold ${value}, value ${i} of ${kept.length}`,
      'keep it as another type',
    );
  }
}

/** What is wrong with something that is to be an array, as a caller in JavaScript may hand it over; undefined for a valid one. */
export function arrayFault(value: unknown): string | undefined {
  const { dtype, shape, data } = (value ?? {}) as Partial<Record<keyof NdArray, unknown>>;
  if (typeof dtype !== 'string' || !Object.hasOwn(constructors, dtype))
    return `dtype is ${String(dtype)}, not float32, int32 or uint8`;
  if (!Array.isArray(shape) || !shape.every((length) => Number.isInteger(length) && length >= 0))
    return 'shape is no list of lengths';
  const name = Object.prototype.toString.call(data).slice(8, -1);
  const wanted = constructors[dtype as DType].name;
  if (name !== wanted) return `data is ${name === 'Array' ? 'an' : 'a'} ${name}, and ${dtype} takes a ${wanted}`;
  const { length } = data as NdArray['data'];
  return length === sizeOf(shape)
    ? undefined
    : `data has ${length} values, which do not fill the shape [${shape.join(', ')}]`;
}

/** Throws RangeError when the data do not fill the shape, or are of another type. */
export function ndarray(dtype: DType, shape: readonly number[], data: NdArray['data']): NdArray {
  if (data.length !== sizeOf(shape)) {
    throw new RangeError(`${data.length} values do not fill the shape [${shape.join(', ')}]`);
  }
  const array = { dtype, shape, data };
  const fault = arrayFault(array);
  if (fault !== undefined) throw new RangeError(fault);
  return array;
}

export function zeros(dtype: DType, shape: readonly number[]): NdArray {
  return { dtype, shape, data: new constructors[dtype](sizeOf(shape)) };
}

/** The array's memory as bytes, in host order (little-endian on every machine tfjs runs on); shares memory. */
export function bytesOf(array: NdArray): Uint8Array {
  return new Uint8Array(array.data.buffer, array.data.byteOffset, array.data.byteLength);
}

/** Reads an array from wire bytes; copies, since a view would be unaligned and would keep the whole frame alive. */
export function fromBytes(dtype: DType, shape: readonly number[], bytes: Uint8Array): NdArray {
  // Not `slice`: Node's Buffer makes that a view on a larger buffer.
  const copy = new Uint8Array(bytes);
  return ndarray(dtype, shape, new constructors[dtype](copy.buffer, 0, copy.byteLength / bytesPerElement[dtype]));
}

/** The largest absolute difference; Infinity when shapes differ or only one of a pair is NaN. */
export function maxAbsDifference(a: NdArray, b: NdArray): number {
  if (a.data.length !== b.data.length) return Infinity;
  let largest = 0;
  for (let i = 0; i < a.data.length; i++) {
    const difference = Math.abs((a.data[i] ?? 0) - (b.data[i] ?? 0));
    if (Number.isNaN(difference)) {
      if (Number.isNaN(a.data[i]) !== Number.isNaN(b.data[i])) return Infinity;
    } else if (difference > largest) largest = difference;
  }
  return largest;
}

/** Same shape and the same bits, so -0 and 0 differ and NaN equals itself. */
export function identical(a: NdArray, b: NdArray): boolean {
  if (a.dtype !== b.dtype || a.shape.join() !== b.shape.join()) return false;
  const left = bytesOf(a);
  const right = bytesOf(b);
  return left.length === right.length && left.every((byte, i) => byte === right[i]);
}

/** The index of the first NaN or infinity, or -1. */
export function firstNonFinite(array: NdArray): number {
  if (array.dtype !== 'float32' || allFinite(array.data)) return -1;
  return array.data.findIndex((value: number) => !Number.isFinite(value));
}

export function areFinite(arrays: readonly NdArray[]): boolean {
  return arrays.every((array) => firstNonFinite(array) < 0);
}

/**
 * The largest value allowed of weights, smashed data and gradients. Sensible values are far below it; and below it no optimizer overflows float32 in any number
 * of steps: the second moments of Adam stay under its square.
 */
export const LARGEST_ALLOWED = 1e15;

/** In training that goes well, smashed data and gradients stay below this. */
export const USUAL = 100;

/** The largest value without its sign; 0 of none. NaN counts as nothing. */
export function largestOf(arrays: readonly Pick<NdArray, 'data'>[]): number {
  let largest = 0;
  for (const { data } of arrays) {
    // By index: an iterator takes many times as long where arrays of several kinds have come by.
    for (let i = 0, end = data.length; i < end; i++) {
      const value = Math.abs(data[i] as number);
      if (value > largest) largest = value;
    }
  }
  return largest;
}

/** The length of all values as one vector, in float64, where it cannot overflow; NaN or Infinity where a value is not finite. */
export function normOf(arrays: readonly Pick<NdArray, 'data'>[]): number {
  return Math.sqrt(arrays.reduce((sum, { data }) => sum + sumOfSquares(data), 0));
}

/** Long loops are cut in blocks: V8 otherwise compiles the first long one half-way, without having seen its end, and throws it away each time it gets there. */
const BLOCK = 256;

function sumOfSquares(data: NdArray['data']): number {
  let sum = 0;
  for (let start = 0; start < data.length; start += BLOCK) sum += squaresOf(data, start, data.length);
  return sum;
}

/** Of a block, in four sums, so that none waits for another. */
function squaresOf(data: NdArray['data'], start: number, length: number): number {
  const end = Math.min(start + BLOCK, length);
  const whole = end - (end % 4);
  let [a, b, c, d] = [0, 0, 0, 0];
  for (let i = start; i < whole; i += 4) {
    a += (data[i] as number) ** 2;
    b += (data[i + 1] as number) ** 2;
    c += (data[i + 2] as number) ** 2;
    d += (data[i + 3] as number) ** 2;
  }
  for (let i = whole; i < end; i++) a += (data[i] as number) ** 2;
  return a + b + c + d;
}

function allFinite(data: NdArray['data']): boolean {
  let sum = 0;
  for (let start = 0; start < data.length; start += BLOCK) sum += zeroTimes(data, start, data.length);
  return sum === 0;
}

/** Zero times a finite number is a zero, anything else gives NaN; sums as above. */
function zeroTimes(data: NdArray['data'], start: number, length: number): number {
  const end = Math.min(start + BLOCK, length);
  const whole = end - (end % 4);
  let [a, b, c, d] = [0, 0, 0, 0];
  for (let i = start; i < whole; i += 4) {
    a += (data[i] as number) * 0;
    b += (data[i + 1] as number) * 0;
    c += (data[i + 2] as number) * 0;
    d += (data[i + 3] as number) * 0;
  }
  for (let i = whole; i < end; i++) a += (data[i] as number) * 0;
  return a + b + c + d;
}

export function showShape(shape: readonly (number | null)[]): string {
  return `[${shape.map((length) => length ?? '?').join(', ')}]`;
}

/** Rows `order[start..end)` of an array whose first dimension is the sample. */
export function gatherRows(array: NdArray, rows: ArrayLike<number>): NdArray {
  const [all = 0, ...rowShape] = array.shape;
  const width = sizeOf(rowShape);
  const out = zeros(array.dtype, [rows.length, ...rowShape]);
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] ?? -1;
    if (!(Number.isInteger(row) && row >= 0 && row < all))
      throw new TandemError('BAD_DATA', `there is no row ${row}, of ${all}`);
    out.data.set(array.data.subarray(row * width, (row + 1) * width), i * width);
  }
  return out;
}
