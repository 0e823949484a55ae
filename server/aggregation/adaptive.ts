import { meanOf } from './mean.js';
import type { Rule } from './rule.js';

const BETA1 = 0.9;
const BETA2 = 0.99;
/** The paper's tau: how adaptive the step is; also keeps it finite where nothing ever moved. */
const TAU = 1e-3;

/**
 * Algorithm 2 of Reddi et al., 2021 (arXiv:2003.00295), with d = mean - w: m = 0.9 m + 0.1 d, v by `second`,
 * w = w + rate * m / (sqrt(v) + tau). v starts at tau^2. Moving averages take the mean.
 */
export function adaptive(rate: number, second: (v: number, squared: number, beta2: number) => number): Rule {
  return (current, replicas, { slots }) => {
    const { trained, moving } = meanOf(replicas);
    const [m, v] = slots;
    const change = trained.map((value, i) => value - (current.trained[i] ?? 0));
    const first = change.map((d, i) => BETA1 * (m?.[i] ?? 0) + (1 - BETA1) * d);
    const squares = change.map((d, i) => second(v?.[i] ?? TAU ** 2, d ** 2, BETA2));
    return {
      trained: first.map((step, i) => (current.trained[i] ?? 0) + (rate * step) / (Math.sqrt(squares[i] ?? 0) + TAU)),
      moving,
      state: { slots: [first, squares] },
    };
  };
}
