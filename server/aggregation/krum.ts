import { closest } from './krum-scores.js';
import type { Rule } from './rule.js';

/** The one replica that is closest to its neighbours (Blanchard et al., 2017, arXiv:1703.02757); f may be hostile. */
export function krum(f: number): Rule {
  return closest(f, () => 1);
}
