import type { Replica, Rule, Vectors } from './rule.js';

/** The mean weighted by samples (FedAvg: McMahan et al., 2017, arXiv:1602.05629). */
export const mean: Rule = (_, replicas, state) => ({ ...meanOf(replicas), state });

/** The mean weighted by samples. */
export function meanOf(replicas: readonly Replica[]): Vectors {
  return weightedMean(
    replicas,
    replicas.map(({ samples }) => samples),
  );
}

/** The mean in which every replica counts the same: a client cannot count more by its number of samples. */
export function plainMeanOf(replicas: readonly Vectors[]): Vectors {
  return weightedMean(
    replicas,
    replicas.map(() => 1),
  );
}

function weightedMean(replicas: readonly Vectors[], shares: readonly number[]): Vectors {
  const total = shares.reduce((sum, share) => sum + share, 0);
  const average = (of: (replica: Vectors) => Float64Array) => {
    // Each product of a float32 and a count is exact in float64, so a lone replica comes out as it went in, even -0.
    const sums = Float64Array.from(of(replicas[0] ?? noVectors), (value) => value * (shares[0] ?? 0));
    for (let r = 1; r < replicas.length; r++) {
      const [values, share] = [of(replicas[r] ?? noVectors), shares[r] ?? 0];
      for (let i = 0; i < sums.length; i++) sums[i] = (sums[i] ?? 0) + share * (values[i] ?? 0);
    }
    return sums.map((sum) => sum / total);
  };
  return { trained: average(({ trained }) => trained), moving: average(({ moving }) => moving) };
}

const noVectors: Vectors = { trained: new Float64Array(), moving: new Float64Array() };
