import { closest } from './krum-scores.js';
import type { Rule } from './rule.js';

/** The mean of the n - f replicas closest to their neighbours (Blanchard et al., 2017, arXiv:1703.02757). */
export function multiKrum(f: number): Rule {
  return closest(f, (count) => count - f);
}
