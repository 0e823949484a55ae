import { describe, expect, it } from 'vitest';
import { areaUnderCurve, rankingOf } from '../../shared/metrics/ranking.js';
import { addScoreBins, areaOfBins, BINS, scoreBinsOf } from '../../shared/metrics/score-bins.js';
import { float32, int32 } from '../../shared/ndarray.js';
import { createRng } from '../../shared/rng.js';

function samples(count: number, seed: number, score: (label: number, normal: () => number) => number) {
  const rng = createRng('bins', seed);
  const labels = Array.from({ length: count }, () => rng.int(2));
  const scores = labels.map((label) => score(label, () => rng.normal()));
  return [int32([count], labels), float32([count, 1], scores)] as const;
}

describe('an area from counts in bins', () => {
  it.each<[string, number, (label: number, normal: () => number) => number]>([
    ['of well separated scores', 2e-4, (label, normal) => 2 * label - 1 + normal()],
    ['of scores that say little', 5e-4, (label, normal) => 0.2 * label + normal()],
    ['of large scores', 2e-3, (label, normal) => 40 * (label + 2 * normal())],
    ['of tiny scores', 2e-3, (label, normal) => 1e-2 * (label + normal())],
  ])('%s is near the exact one, and nearer than it says', (_what, near, score) => {
    for (const seed of [1, 2, 3]) {
      const [labels, outputs] = samples(4000, seed, score);
      const exact = areaUnderCurve(rankingOf(labels, outputs)) ?? NaN;
      const { area, within } = areaOfBins(scoreBinsOf(labels, outputs)) ?? { area: NaN, within: NaN };
      expect(Math.abs(area - exact), `seed ${seed}`).toBeLessThanOrEqual(within);
      expect(Math.abs(area - exact), `seed ${seed}`).toBeLessThan(near);
      expect(within, `seed ${seed}`).toBeLessThan(0.05);
    }
  });

  it('says so where scores lie too close to tell them apart, or are too large', () => {
    const close = areaOfBins(scoreBinsOf(...samples(200, 7, (label) => 5 + 1e-4 * label)));
    expect(close).toEqual({ area: 0.5, within: 0.5 });
    const large = areaOfBins(scoreBinsOf(...samples(200, 8, (label) => 1e20 * (1 + label))));
    expect(large).toEqual({ area: 0.5, within: 0.5 });
  });

  it('adds up over clients, ranks two logits by their difference, and leaves out what is no number', () => {
    const parts = [11, 12, 13].map((seed) => samples(50, seed, (label, normal) => label + normal()));
    const whole = [
      int32(
        [150],
        parts.flatMap(([labels]) => [...labels.data]),
      ),
      float32(
        [150, 1],
        parts.flatMap(([, scores]) => [...scores.data]),
      ),
    ] as const;
    const added = parts.map((part) => scoreBinsOf(...part)).reduceRight(addScoreBins);
    expect(added).toEqual(scoreBinsOf(...whole));
    const two = scoreBinsOf(int32([3], [1, 0, 1]), float32([3, 2], [0, 3, 5, 1, NaN, 0]));
    expect([...two.data].reduce((sum, count) => sum + count, 0)).toBe(2);
    expect(areaOfBins(two)).toEqual({ area: 1, within: 0 });
    expect(areaOfBins(scoreBinsOf(int32([2], [1, 1]), float32([2, 1], [0, 3])))).toBeNull();
    expect(two.shape).toEqual([2, BINS]);
  });
});
