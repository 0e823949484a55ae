import { medianOf } from './median.js';
import type { Replica, Rule, Vectors } from './rule.js';

/** A median of fewer replicas would mean little. */
const LEAST_FOR_A_MEDIAN = 3;

/**
 * Clips each replica's update before a rule: w + min(1, norm / |u|) u with u = the replica - w, over trained weights. Moving averages are no
 * updates, so they are not clipped; where the rule would take their mean, the coordinate-wise median is taken instead, so that no single
 * client can move them far.
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
