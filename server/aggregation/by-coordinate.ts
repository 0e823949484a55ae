import { withoutStarts, withStarts } from './gathered.js';
import type { Replica, Vectors } from './rule.js';

/**
 * In each place, what `pick` makes of the sorted values that the replicas have there. Averages are compared without their start: clients
 * that made unlike numbers of steps hold unlike shares of it.
 */
export function byCoordinate(replicas: readonly Replica[], pick: (sorted: Float64Array) => number): Vectors {
  const column = new Float64Array(replicas.length);
  const each = (vectors: readonly Float64Array[]) =>
    (vectors[0] ?? new Float64Array()).map((_, i) => {
      vectors.forEach((vector, r) => (column[r] = vector[i] ?? 0));
      return pick(column.sort());
    });
  const gathered = replicas[0]?.gathered ?? [];
  return {
    trained: each(replicas.map(({ trained }) => trained)),
    moving: withStarts(each(replicas.map(({ moving }) => withoutStarts(moving, gathered))), gathered),
  };
}

/** The mean of sorted values without so many at either end. */
export function meanWithout(sorted: Float64Array, ends: number): number {
  let sum = sorted[ends] ?? 0;
  for (let i = ends + 1; i < sorted.length - ends; i++) sum += sorted[i] ?? 0;
  return sum / (sorted.length - 2 * ends);
}
