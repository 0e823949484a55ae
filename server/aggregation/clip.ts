import type { Replica, Vectors } from './rule.js';

/**
 * A replica whose update is at most so long: w + min(1, norm / |u|) u with u = the replica - w. Moving averages are clipped
 * by themselves: they live on other scales, and what is between two variances is a variance.
 */
export function clipped(current: Vectors, replica: Replica, norm: number): Replica {
  return {
    ...replica,
    trained: clipOne(current.trained, replica.trained, norm),
    moving: clipOne(current.moving, replica.moving, norm),
  };
}

function clipOne(from: Float64Array, to: Float64Array, norm: number): Float64Array {
  const length = Math.sqrt(to.reduce((sum, value, i) => sum + (value - (from[i] ?? 0)) ** 2, 0));
  if (length <= norm) return to;
  return to.map((value, i) => {
    const start = from[i] ?? 0;
    return start + (norm / length) * (value - start);
  });
}
