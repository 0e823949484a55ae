import { byCoordinate, meanWithout } from './by-coordinate.js';
import type { Replica, Rule, Vectors } from './rule.js';

/** The coordinate-wise median, every client counting the same (Yin et al., 2018, arXiv:1803.01498). */
export const median: Rule = (_, replicas, state) => ({ ...medianOf(replicas), state });

/** Of an even number of values, the mean of the two in the middle. */
export function medianOf(replicas: readonly Replica[]): Vectors {
  return byCoordinate(replicas, (sorted) => meanWithout(sorted, (sorted.length - 1) >> 1));
}
