import { meanOf } from './mean.js';
import type { Rule } from './rule.js';

/**
 * Server momentum (Hsu et al., 2019, arXiv:1909.06335): v = momentum * v + (mean - w), w = w + v. Moving averages take the
 * mean.
 */
export function fedavgm(momentum: number): Rule {
  return (current, replicas, { slots }) => {
    const { trained, moving } = meanOf(replicas);
    const [before] = slots;
    const velocity = trained.map((value, i) => momentum * (before?.[i] ?? 0) + (value - (current.trained[i] ?? 0)));
    return {
      trained: velocity.map((step, i) => (current.trained[i] ?? 0) + step),
      moving,
      state: { slots: [velocity] },
    };
  };
}
