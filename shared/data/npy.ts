import { TandemError } from '../errors.js';
import { sizeOf } from '../ndarray.js';

/** An array of a .npy file: whole numbers of one byte stay bytes, all others become float64 until it is known what they are for. */
export interface NpyArray {
  readonly shape: readonly number[];
  readonly data: Uint8Array | Float64Array | Float32Array;
  readonly isWhole: boolean;
  /** Of an array of words, such as labels; its numbers are none. */
  readonly texts?: readonly string[];
}

type Read = (view: DataView, at: number, little: boolean) => number;

const types: Readonly<Record<string, { readonly bytes: number; readonly read: Read; readonly isWhole: boolean }>> = {
  b1: { bytes: 1, read: (view, at) => view.getUint8(at), isWhole: true },
  u1: { bytes: 1, read: (view, at) => view.getUint8(at), isWhole: true },
  i1: { bytes: 1, read: (view, at) => view.getInt8(at), isWhole: true },
  u2: { bytes: 2, read: (view, at, little) => view.getUint16(at, little), isWhole: true },
  i2: { bytes: 2, read: (view, at, little) => view.getInt16(at, little), isWhole: true },
  u4: { bytes: 4, read: (view, at, little) => view.getUint32(at, little), isWhole: true },
  i4: { bytes: 4, read: (view, at, little) => view.getInt32(at, little), isWhole: true },
  u8: { bytes: 8, read: (view, at, little) => Number(view.getBigUint64(at, little)), isWhole: true },
  i8: { bytes: 8, read: (view, at, little) => Number(view.getBigInt64(at, little)), isWhole: true },
  f2: { bytes: 2, read: (view, at, little) => fromHalf(view.getUint16(at, little)), isWhole: false },
  f4: { bytes: 4, read: (view, at, little) => view.getFloat32(at, little), isWhole: false },
  f8: { bytes: 8, read: (view, at, little) => view.getFloat64(at, little), isWhole: false },
};

/** Reads a .npy file of numbers, versions 1 to 3, in the order of C or of Fortran. Throws BAD_DATA that names the file. */
export function decodeNpy(bytes: Uint8Array, source: string): NpyArray {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const fail = (what: string, action = 'save it with numpy.save') =>
    new TandemError('BAD_DATA', `${source}: ${what}`, action);
  if (bytes.length < 12 || bytes[0] !== 0x93 || new TextDecoder('latin1').decode(bytes.subarray(1, 6)) !== 'NUMPY')
    throw fail('it is no .npy file');
  const isOld = bytes[6] === 1;
  const from = isOld ? 10 : 12;
  const start = from + (isOld ? view.getUint16(8, true) : view.getUint32(8, true));
  const head = new TextDecoder('latin1').decode(bytes.subarray(from, start));
  const [, order = '', code = ''] = /'descr':\s*'([<>|=])(\w+)'/.exec(head) ?? [];
  const [, , letters = 0] = /^([US])(\d+)$/.exec(code)?.map(Number) ?? [];
  const type = types[code] ?? (letters > 0 ? wordsOf(code, letters) : undefined);
  if (!type)
    throw fail(
      `its values are of a type that is not read: ${/'descr':\s*([^,]+),/.exec(head)?.[1] ?? '?'}`,
      code === 'O'
        ? "it holds Python objects: save it as numbers, or words as .astype('U')"
        : 'save it as float32 or int32',
    );
  const shape = (/'shape':\s*\(([^)]*)\)/.exec(head)?.[1] ?? '')
    .split(',')
    .flatMap((part) => (part.trim() === '' ? [] : [Number(part)]));
  const count = sizeOf(shape);
  if (!Number.isSafeInteger(count) || bytes.length - start < count * type.bytes)
    throw fail(
      `it has ${bytes.length - start} bytes of numbers, and its shape (${shape.join(', ')}) needs ${count * type.bytes}`,
    );
  if (letters > 0) {
    const texts = Array.from({ length: count }, (_, i) =>
      textAt(bytes.subarray(start + i * type.bytes, start + (i + 1) * type.bytes), code, order !== '>'),
    );
    return { shape, data: new Float64Array(count).fill(NaN), isWhole: false, texts };
  }
  const isFortran = /'fortran_order':\s*True/.test(head) && shape.length > 1;
  if (code === 'u1' && !isFortran) return { shape, data: bytes.slice(start, start + count), isWhole: true };
  const data = code === 'f4' ? new Float32Array(count) : new Float64Array(count);
  const read = (i: number) => type.read(view, start + i * type.bytes, order !== '>');
  const placeOf = isFortran ? fortranPlaces(shape) : (i: number) => i;
  for (let i = 0; i < count; i++) data[placeOf(i)] = read(i);
  return { shape, data, isWhole: type.isWhole };
}

/** Where the i-th number of an array in Fortran's order, the first place changing fastest, stands in C's. */
function fortranPlaces(shape: readonly number[]): (i: number) => number {
  const strides = shape.map((_, d) => sizeOf(shape.slice(d + 1)));
  return (i) => {
    let [rest, place] = [i, 0];
    shape.forEach((length, d) => {
      place += (rest % length) * (strides[d] ?? 1);
      rest = Math.floor(rest / length);
    });
    return place;
  };
}

/** Words of a fixed length: four bytes a letter, or one. */
function wordsOf(
  code: string,
  letters: number,
): { readonly bytes: number; readonly read: Read; readonly isWhole: boolean } {
  return { bytes: letters * (code.startsWith('U') ? 4 : 1), read: () => NaN, isWhole: false };
}

function textAt(bytes: Uint8Array, code: string, little: boolean): string {
  if (code.startsWith('S')) return new TextDecoder('latin1').decode(bytes).replace(/\0+$/, '');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const points = Array.from({ length: bytes.length / 4 }, (_, i) => view.getUint32(4 * i, little));
  return points.map((point) => (point === 0 || point > 0x10ffff ? '' : String.fromCodePoint(point))).join('');
}

/** IEEE 754's number of 16 bits: a sign, 5 bits of exponent, 10 of fraction. */
function fromHalf(bits: number): number {
  const [sign, exponent, fraction] = [bits & 0x8000 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}
