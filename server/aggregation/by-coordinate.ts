import { biasCorrected, biasRestored } from './bias-correction.js';
import type { Replica, Vectors } from './rule.js';

/**
 * For each coordinate, what `pick` makes of the replicas' sorted values. Moving averages are bias-corrected first, as clients may have made
 * different numbers of steps.
 */
export function byCoordinate(replicas: readonly Replica[], pick: (sorted: Float64Array) => number): Vectors {
  const column = new Float64Array(replicas.length);
  const each = (vectors: readonly Float64Array[]) =>
    (vectors[0] ?? new Float64Array()).map((_, i) => {
      vectors.forEach((vector, r) => (column[r] = vector[i] ?? 0));
      return pick(column.sort());
    });
  const averages = replicas[0]?.averages ?? [];
  return {
    trained: each(replicas.map(({ trained }) => trained)),
    moving: biasRestored(each(replicas.map(({ moving }) => biasCorrected(moving, averages))), averages),
  };
}

/** The mean of sorted values without the first and last `ends` of them. */
export function meanWithout(sorted: Float64Array, ends: number): number {
  let sum = sorted[ends] ?? 0;
  for (let i = ends + 1; i < sorted.length - ends; i++) sum += sorted[i] ?? 0;
  return sum / (sorted.length - 2 * ends);
}
