import { adaptive } from './adaptive.js';
import type { Rule } from './rule.js';

/** Yogi at the server (Reddi et al., 2021, arXiv:2003.00295): v = v - 0.01 d^2 sign(v - d^2), so v falls slowly. */
export function fedyogi(rate: number): Rule {
  return adaptive(rate, (v, squared, beta2) => v - (1 - beta2) * squared * Math.sign(v - squared));
}
