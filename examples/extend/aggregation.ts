import { simulate } from 'tandem/simulator';
import type { CombineReplicas } from 'tandem/shared';
import { points, task } from './rings.js';

/** An aggregation of one's own: as the mean, but nobody counts for more than twice the client with the fewest samples. */
const cappedMean: CombineReplicas = (replicas) => {
  const least = Math.min(...replicas.map(({ samples }) => samples));
  const shares = replicas.map(({ samples }) => Math.min(samples, 2 * least));
  const total = shares.reduce((sum, share) => sum + share, 0);
  const weights = new Float64Array(replicas[0]?.weights.length ?? 0);
  replicas.forEach((replica, i) => {
    const share = (shares[i] ?? 0) / total;
    replica.weights.forEach((weight, at) => (weights[at] = (weights[at] ?? 0) + share * weight));
  });
  return weights;
};

const data = { train: points(800), test: points(300) };
const run = { task, data, clients: 4, epochs: 20, partition: 'dirichlet:0.3', engine: 'tfjs' } as const;
const { summary } = await simulate({ ...run, schedule: 'splitfed-v1', aggregation: cappedMean });
console.log(`${summary.aggregation}: accuracy ${(100 * (summary.testAccuracy ?? 0)).toFixed(1)} %`);
