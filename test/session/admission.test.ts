import { describe, expect, it } from 'vitest';
import { placeOf } from '../../server/run/admission.js';
import { hello } from './drive.js';
import { Run } from './drive-run.js';

describe('a place in a run', () => {
  it('is the first free one, or the one asked for', () => {
    const run = new Run().join(1);
    expect(placeOf(hello, run.state, new Set([1]))).toBe(0);
    expect(placeOf(hello, run.state, new Set([0, 1]))).toBe(2);
    expect(placeOf({ ...hello, shard: [2, 3] }, run.state, new Set([1]))).toBe(2);
  });

  it.each([
    ['taken', { shard: [1, 3] as [number, number] }, 'RUN_FULL'],
    ['of another count of shards', { shard: [0, 4] as [number, number] }, 'BAD_OPTION'],
    ['beyond the last', { shard: [3, 3] as [number, number] }, 'BAD_OPTION'],
  ])('is refused when it is %s', (_, change, code) => {
    const run = new Run().join(1);
    expect(() => placeOf({ ...hello, ...change }, run.state, new Set([1]))).toThrow(expect.objectContaining({ code }));
  });

  it('can be taken late, where one is free, until the run is over', () => {
    const run = new Run().join(0, 1, 2);
    expect(() => placeOf(hello, run.state, new Set([0, 1, 2]))).toThrow(expect.objectContaining({ code: 'RUN_FULL' }));
    run.leave(1);
    expect(placeOf(hello, run.state, new Set([0, 2]))).toBe(1);
    run.leave(0, 2);
    expect(() => placeOf(hello, run.state, new Set())).toThrow(expect.objectContaining({ code: 'RUN_OVER' }));
  });
});
