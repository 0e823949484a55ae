import { plainMeanOf } from './mean.js';
import { medianOf } from './median.js';
import type { Replica, Rule } from './rule.js';

/**
 * The mean of the `keep(n)` replicas with the lowest Krum scores, every one counting the same. Krum holds for
 * n >= 2f + 3 replicas; of fewer, the coordinate-wise median is taken, and where f hostile ones could be half of them or more,
 * the weights stay as they were.
 */
export function closest(f: number, keep: (count: number) => number): Rule {
  return (current, replicas, state) => {
    const count = replicas.length;
    if (count <= 2 * f) return { ...current, state };
    if (count < 2 * f + 3) return { ...medianOf(replicas), state };
    const scores = krumScores(replicas, count - f - 2);
    const ranked = replicas.map((_, i) => i).sort((a, b) => (scores[a] ?? 0) - (scores[b] ?? 0) || a - b);
    const chosen = new Set(ranked.slice(0, keep(count)));
    return { ...plainMeanOf(replicas.filter((_, i) => chosen.has(i))), state };
  };
}

/** For each replica the sum of squared distances to its nearest others, over trainable weights. */
export function krumScores(replicas: readonly Replica[], neighbours: number): number[] {
  return replicas.map((replica) => {
    const distances = replicas.filter((other) => other !== replica).map((other) => squaredDistance(replica, other));
    return distances
      .sort((a, b) => a - b)
      .slice(0, neighbours)
      .reduce((sum, distance) => sum + distance, 0);
  });
}

function squaredDistance({ trained: a }: Replica, { trained: b }: Replica): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += ((a[i] ?? 0) - (b[i] ?? 0)) ** 2;
  return sum;
}
