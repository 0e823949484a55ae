import { TandemError } from '../errors.js';

/**
 * What a checkpoint can hold: plain data whose leaves may be typed arrays. No class, no Map, no function. A field that is
 * undefined is left out.
 */
export type Plain =
  null | undefined | boolean | number | string | TypedArray | readonly Plain[] | { readonly [key: string]: Plain };

export type TypedArray = Float32Array | Float64Array | Int32Array | Uint8Array;

const kinds = { float32: Float32Array, float64: Float64Array, int32: Int32Array, uint8: Uint8Array } as const;
type Kind = keyof typeof kinds;

/** Every array begins at a multiple of this, so it can be viewed where it lies. */
export const ALIGNMENT = 8;
/** What stands in the JSON for something that JSON cannot say. */
const MARK = '$';

/** A tree as JSON, and beside it the bytes of its arrays one after the other. */
export interface Flattened {
  readonly json: string;
  readonly arrays: readonly Uint8Array[];
}

/** Every bit survives: also NaN, infinities and -0. Throws INTERNAL for what is no plain data. */
export function flatten(tree: unknown): Flattened {
  const arrays: Uint8Array[] = [];
  let at = 0;
  const visit = (value: unknown, path: string): unknown => {
    if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
    if (typeof value === 'number') {
      return Number.isFinite(value) && !Object.is(value, -0)
        ? value
        : { [MARK]: Object.is(value, -0) ? '-0' : `${value}` };
    }
    const kind = kindOf(value);
    if (kind) {
      const { buffer, byteOffset, byteLength, length } = value as TypedArray;
      const mark = { [MARK]: [kind, at, length] };
      arrays.push(new Uint8Array(buffer, byteOffset, byteLength));
      at += padded(byteLength);
      return mark;
    }
    if (Array.isArray(value)) return value.map((item, i) => visit(item, `${path}[${i}]`));
    if (typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype) {
      const entries = Object.entries(value).filter(([, field]) => field !== undefined);
      if (entries.some(([key]) => key === MARK)) throw notPlain(`${path}.${MARK}`);
      return Object.fromEntries(entries.map(([key, field]) => [key, visit(field, `${path}.${key}`)]));
    }
    throw notPlain(path);
  };
  return { json: JSON.stringify(visit(tree, 'it')), arrays };
}

/** The reverse; arrays are copied out of the bytes. Throws BAD_DATA. */
export function unflatten(json: string, bytes: Uint8Array): unknown {
  const visit = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(visit);
    if (typeof value !== 'object' || value === null) return value;
    const mark = (value as Record<string, unknown>)[MARK];
    if (mark === undefined) return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, visit(field)]));
    if (typeof mark === 'string') return Number(mark);
    const [kind, at, length] = mark as [Kind, number, number];
    const size = length * kinds[kind].BYTES_PER_ELEMENT;
    if (!(at >= 0 && at + size <= bytes.length)) throw new TandemError('BAD_DATA', 'a checkpoint lacks an array');
    // Not `slice`: Node's Buffer makes that a view on a larger buffer.
    return new kinds[kind](new Uint8Array(bytes.subarray(at, at + size)).buffer);
  };
  return visit(JSON.parse(json));
}

export function padded(length: number): number {
  return Math.ceil(length / ALIGNMENT) * ALIGNMENT;
}

function kindOf(value: unknown): Kind | undefined {
  // A Buffer is a Uint8Array too.
  return (Object.keys(kinds) as Kind[]).find((kind) => value instanceof kinds[kind]);
}

function notPlain(path: string): TandemError {
  return new TandemError('INTERNAL', `a checkpoint cannot hold ${path}`);
}
