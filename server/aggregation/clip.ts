import { medianOf } from './median.js';
import type { Replica, Rule, Vectors } from './rule.js';

/** Fewer replicas have no median to speak of. */
const LEAST_FOR_A_MEDIAN = 3;

/**
 * A rule behind a clip: each replica's update of trained weights is at most so long: w + min(1, norm / |u|) u with u = the replica - w.
 * What clients gather, such as the averages of batch normalisation, is no update, and as far from its start as it is. A rule that
 * would take the mean of it takes the median in each place, so that a clip still bounds what a single client can do.
 */
export function clipped(norm: number, rule: Rule, takesMean: boolean): Rule {
  return (current, replicas, state) => {
    const bounded = replicas.map((replica) => ({
      ...replica,
      trained: clipOne(current.trained, replica.trained, norm),
    }));
    const result = rule(current, bounded, state);
    return takesMean && replicas.length >= LEAST_FOR_A_MEDIAN
      ? { ...result, moving: medianOfMoving(replicas) }
      : result;
  };
}

function medianOfMoving(replicas: readonly Replica[]): Vectors['moving'] {
  return medianOf(replicas.map((replica) => ({ ...replica, trained: new Float64Array() }))).moving;
}

function clipOne(from: Float64Array, to: Float64Array, norm: number): Float64Array {
  const length = Math.sqrt(to.reduce((sum, value, i) => sum + (value - (from[i] ?? 0)) ** 2, 0));
  if (length <= norm) return to;
  return to.map((value, i) => {
    const start = from[i] ?? 0;
    return start + (norm / length) * (value - start);
  });
}
