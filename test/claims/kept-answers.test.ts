import { describe, expect, it } from 'vitest';
import { KeptBound } from '../../shared/session/kept-bound.js';

const MB = 1024 * 1024;
const kept = (count: number, bytes: number) =>
  Array.from({ length: count }, () => ({ bytes: { length: bytes } as Uint8Array }));

/** Sends until it is told to ask, or is cut. */
function sends(bound: KeptBound, count: number, bytes: number) {
  const asked: number[] = [];
  for (let i = 1; i <= count; i++) {
    try {
      if (bound.keep(bytes)) asked.push(i);
    } catch (error) {
      return { asked, cut: i, code: (error as { code: string }).code };
    }
  }
  return { asked, cut: null, code: null };
}

describe('answers that a client does not settle', () => {
  it('are asked for once, and then cost it its session', () => {
    expect(sends(new KeptBound(), 1_000, MB)).toEqual({ asked: [65], cut: 193, code: 'TOO_SLOW' });
  });

  it('may be few and very large: a client with checkpoints has so many between two of them', () => {
    expect(sends(new KeptBound(), 160, 5 * MB)).toEqual({ asked: [13], cut: null, code: null });
  });

  it('may be any number of small ones', () => {
    expect(sends(new KeptBound(), 100_000, 600)).toEqual({ asked: [], cut: null, code: null });
  });

  it('are counted anew once it has settled them', () => {
    const bound = new KeptBound();
    for (let round = 0; round < 9; round++) {
      expect(sends(bound, 120, MB)).toEqual({ asked: [65], cut: null, code: null });
      bound.left(kept(0, 0));
    }
    bound.left(kept(150, MB));
    expect(sends(bound, 60, MB).cut).toBe(43);
  });
});
