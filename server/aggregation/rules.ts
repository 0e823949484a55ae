import type { RuleName } from '../../shared/aggregation.js';
import { fedadam } from './fedadam.js';
import { fedavgm } from './fedavgm.js';
import { fedyogi } from './fedyogi.js';
import { krum } from './krum.js';
import { mean } from './mean.js';
import { median } from './median.js';
import { multiKrum } from './multi-krum.js';
import type { Rule } from './rule.js';
import { trimmedMean } from './trimmed-mean.js';

/** Every rule by its name in shared/aggregation.ts, made from its number. */
export const rules: Readonly<Record<RuleName, (value: number) => Rule>> = {
  mean: () => mean,
  fedavgm,
  fedadam,
  fedyogi,
  median: () => median,
  'trimmed-mean': trimmedMean,
  krum,
  'multi-krum': multiKrum,
};

/** Whether a rule takes the mean of the clients' moving averages. */
export function takesMean(name: RuleName): boolean {
  return name === 'mean' || name === 'fedavgm' || name === 'fedadam' || name === 'fedyogi';
}
