import { describe, expect, it } from 'vitest';
import {
  bytesOf,
  firstNonFinite,
  float32,
  fromBytes,
  gatherRows,
  identical,
  int32,
  maxAbsDifference,
  ndarray,
} from '../../shared/ndarray.js';

describe('arrays', () => {
  it('come back from bytes, also out of the middle of a Buffer', () => {
    const array = float32([2, 3], [1.5, -2.25, 3e-7, -0, 5e8, 6.125]);
    const pool = Buffer.concat([Buffer.from([9, 9, 9]), bytesOf(array), Buffer.from([9])]);
    const back = fromBytes('float32', [2, 3], pool.subarray(3, 27));
    expect(identical(back, array)).toBe(true);
    pool.fill(7);
    expect(identical(back, array)).toBe(true);
  });

  it('refuse data that do not fill the shape', () => {
    expect(() => ndarray('int32', [3, 5], new Int32Array(14))).toThrow(/14 values do not fill the shape \[3, 5\]/);
  });

  it('differ in sign of zero, shape and type, and by the largest difference', () => {
    expect(identical(float32([1], [0]), float32([1], [-0]))).toBe(false);
    expect(identical(float32([2, 3], [1, 2, 3, 4, 5, 6]), float32([3, 2], [1, 2, 3, 4, 5, 6]))).toBe(false);
    expect(identical(float32([1], [NaN]), float32([1], [NaN]))).toBe(true);
    expect(identical(int32([1], [3]), float32([1], [3]))).toBe(false);
    expect(maxAbsDifference(float32([3], [1.5, -7, 2]), float32([3], [1.25, -3, 2]))).toBe(4);
    expect(maxAbsDifference(float32([1], [NaN]), float32([1], [1]))).toBe(Infinity);
    expect(maxAbsDifference(float32([2], [1, 2]), float32([1], [1]))).toBe(Infinity);
  });

  it('know their rows and their first bad value', () => {
    expect(gatherRows(int32([3, 2], [11, 12, 21, 22, 31, 32]), [2, 0, 2])).toEqual(
      int32([3, 2], [31, 32, 11, 12, 31, 32]),
    );
    expect(firstNonFinite(float32([4], [1.5, 2, -Infinity, NaN]))).toBe(2);
    expect(firstNonFinite(float32([2], [3e38, -3e38]))).toBe(-1);
  });
});
