import { byCoordinate, meanWithout } from './by-coordinate.js';
import type { Rule } from './rule.js';

/**
 * For each coordinate the mean without the lowest and the highest `fraction` of the values, every client counting the same (Yin
 * et al., 2018, arXiv:1803.01498). Of three values or more at least one at either end is left out.
 */
export function trimmedMean(fraction: number): Rule {
  return (_, replicas, state) => {
    const ends = trimmed(replicas.length, fraction);
    return { ...byCoordinate(replicas, (sorted) => meanWithout(sorted, ends)), state };
  };
}

function trimmed(count: number, fraction: number): number {
  if (count < 3) return 0;
  // A fraction such as 0.29 of 100 must not come out below 29.
  return Math.max(1, Math.floor(fraction * count + 1e-9));
}
