import { adaptive } from './adaptive.js';
import type { Rule } from './rule.js';

/** Adam at the server (Reddi et al., 2021, arXiv:2003.00295): v = 0.99 v + 0.01 d^2. */
export function fedadam(rate: number): Rule {
  return adaptive(rate, (v, squared, beta2) => beta2 * v + (1 - beta2) * squared);
}
