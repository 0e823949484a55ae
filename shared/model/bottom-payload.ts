import { concatBytes } from '@noble/hashes/utils.js';
import { slotsOf, squaresSlotOf, type OptimizerSpec, type OptimizerState } from '../engine/optimizer.js';
import { TandemError } from '../errors.js';
import { bytesOf, bytesPerElement, firstNonFinite, fromBytes, sizeOf, type NdArray } from '../ndarray.js';
import { weightKey } from './weights.js';
import type { SegmentSpec } from './segment-spec.js';

/**
 * A segment's state as the payload of a `bottom` message: all weights that move, in spec order, then, if the optimizer's state goes
 * along and it has made updates, for each trainable weight each of its slots. Raw little-endian values, no separators.
 */
export interface SegmentContent {
  readonly weights: readonly NdArray[];
  /** Null when only the weights travel. */
  readonly optimizer: OptimizerState | null;
}

export function encodeSegment(spec: SegmentSpec, optimizer: OptimizerSpec, content: SegmentContent): Uint8Array {
  const size = segmentBytes(spec, optimizer, content.optimizer?.updates ?? null);
  const bytes = new Uint8Array(size);
  let at = 0;
  const put = (chunk: Uint8Array) => {
    bytes.set(chunk, at);
    at += chunk.length;
  };
  content.weights.forEach((weight) => put(bytesOf(weight)));
  if (content.optimizer && content.optimizer.updates > 0) {
    trainable(spec).forEach((weight, i) => {
      for (let slot = 0; slot < slotsOf(optimizer); slot++) {
        // A weight that never had a gradient has no slots yet; zeros are what it starts from.
        const values = content.optimizer?.slots[i]?.[slot] ?? new Float32Array(sizeOf(weight.shape));
        put(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
      }
    });
  }
  return bytes;
}

/**
 * Reads what `encodeSegment` wrote; `updates` is null when no optimizer state came along. Throws BAD_SHAPE when the
 * length is not what the spec asks for, BAD_VALUE when a weight is not finite or a mean of squares is negative.
 */
export function decodeSegment(
  spec: SegmentSpec,
  optimizer: OptimizerSpec,
  updates: number | null,
  bytes: Uint8Array,
): SegmentContent {
  const expected = segmentBytes(spec, optimizer, updates);
  if (bytes.length !== expected) {
    throw new TandemError('BAD_SHAPE', `a segment's state has ${bytes.length} bytes, ${expected} were expected`);
  }
  let at = 0;
  const take = (dtype: NdArray['dtype'], shape: readonly number[], name: string) => {
    const end = at + sizeOf(shape) * bytesPerElement[dtype];
    const array = fromBytes(dtype, shape, bytes.subarray(at, end));
    at = end;
    const bad = firstNonFinite(array);
    if (bad >= 0) throw new TandemError('BAD_VALUE', `weight ${name} holds ${array.data[bad] ?? NaN} at ${bad}`);
    return array;
  };
  const weights = spec.weights.map((weight) => {
    const value = take(weight.dtype, weight.shape, weightKey(weight));
    if (weight.startShare && !value.data.every((share: number) => share >= 0 && share <= 1)) {
      throw new TandemError(
        'BAD_VALUE',
        `weight ${weightKey(weight)} is ${value.data[0] ?? NaN}, a share from 0 to 1 was expected`,
      );
    }
    return value;
  });
  if (updates === null) return { weights, optimizer: null };
  const count = updates > 0 ? slotsOf(optimizer) : 0;
  const slots = trainable(spec).map((weight) =>
    Array.from({ length: count }, (_, slot) => {
      const { data } = take('float32', weight.shape, weightKey(weight));
      if (slot === squaresSlotOf(optimizer) && data.some((value) => value < 0)) {
        throw new TandemError('BAD_VALUE', `the mean of squares of weight ${weightKey(weight)} is negative somewhere`);
      }
      return data as Float32Array;
    }),
  );
  return { weights, optimizer: { updates, slots } };
}

/** The length of the payload. */
export function segmentBytes(spec: SegmentSpec, optimizer: OptimizerSpec, updates: number | null): number {
  const weights = spec.weights.reduce((sum, { dtype, shape }) => sum + sizeOf(shape) * bytesPerElement[dtype], 0);
  if (updates === null || updates === 0) return weights;
  return weights + slotsOf(optimizer) * trainable(spec).reduce((sum, { shape }) => sum + sizeOf(shape) * 4, 0);
}

/** A segment that a client holds, as the definition of the model describes it. */
export interface HeldPart {
  readonly spec: SegmentSpec;
  readonly optimizer: OptimizerSpec;
}

/** The states of all segments of a client, from the bottom up, one after the other. */
export function encodeSegments(parts: readonly HeldPart[], contents: readonly SegmentContent[]): Uint8Array {
  const states = parts.map(({ spec, optimizer }, i) => {
    const content = contents[i];
    return content ? encodeSegment(spec, optimizer, content) : new Uint8Array();
  });
  return concatBytes(...states);
}

/** Reads what `encodeSegments` wrote. Throws as `decodeSegment` does. */
export function decodeSegments(
  parts: readonly HeldPart[],
  updates: number | null,
  bytes: Uint8Array,
): SegmentContent[] {
  const sizes = parts.map(({ spec, optimizer }) => segmentBytes(spec, optimizer, updates));
  const expected = sizes.reduce((sum, size) => sum + size, 0);
  if (bytes.length !== expected) {
    throw new TandemError('BAD_SHAPE', `a segment's state has ${bytes.length} bytes, ${expected} were expected`);
  }
  let at = 0;
  return parts.map(({ spec, optimizer }, i) =>
    decodeSegment(spec, optimizer, updates, bytes.subarray(at, (at += sizes[i] ?? 0))),
  );
}

function trainable(spec: SegmentSpec) {
  return spec.weights.filter((weight) => weight.trainable);
}
