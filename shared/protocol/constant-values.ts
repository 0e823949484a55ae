import { TandemError } from '../errors.js';
import type { ConstantWeight } from '../model/segment-spec.js';
import { weightKey } from '../model/weights.js';
import { bytesPerElement, firstNonFinite, fromBytes, sizeOf, type NdArray } from '../ndarray.js';
import { limits } from './limits.js';

/** A constant as the JSON of a model definition describes it. */
export interface ConstantEntry extends Omit<ConstantWeight, 'value'>, Pick<NdArray, 'dtype' | 'shape'> {}

/** Reads the values of constants one after the other. */
export class ConstantValues {
  private at = 0;

  constructor(private readonly bytes: Uint8Array) {}

  /** Those of the next segment. Throws BAD_MESSAGE for an entry that is none, BAD_SHAPE where values are missing, BAD_VALUE where one is not finite. */
  take(entries: readonly unknown[]): ConstantWeight[] {
    return entries.map((entry) => {
      const { layer, index, dtype, shape } = checkEntry(entry);
      const end = this.at + sizeOf(shape) * bytesPerElement[dtype];
      if (end > this.bytes.length) throw new TandemError('BAD_SHAPE', 'values of constants are missing');
      const value = fromBytes(dtype, shape, this.bytes.subarray(this.at, (this.at = end)));
      const bad = firstNonFinite(value);
      if (bad < 0) return { layer, index, value };
      throw new TandemError(
        'BAD_VALUE',
        `constant ${weightKey({ layer, index })} holds ${value.data[bad] ?? NaN} at ${bad}`,
      );
    });
  }

  /** Throws BAD_SHAPE where values are left over. */
  end(): void {
    const left = this.bytes.length - this.at;
    if (left > 0) throw new TandemError('BAD_SHAPE', `${left} bytes stand after the values of constants`);
  }
}

function checkEntry(entry: unknown): ConstantEntry {
  const { layer, index, dtype, shape } = (entry ?? {}) as Partial<ConstantEntry>;
  const isCount = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;
  const known = dtype === 'float32' || dtype === 'int32';
  const fits = Array.isArray(shape) && shape.length <= limits.rank && shape.every(isCount);
  if (typeof layer === 'string' && isCount(index) && known && fits) return { layer, index: index ?? 0, dtype, shape };
  throw new TandemError('BAD_MESSAGE', 'a constant of the model definition lacks its layer, index, dtype or shape');
}
