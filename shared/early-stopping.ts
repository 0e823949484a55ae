import type { Monitored } from './metrics/monitored.js';

/** When to evaluate during a run, which metric decides, and after how many evaluations without a better one the run stops. */
export interface EarlyStoppingRule extends Monitored {
  /** Rounds between two evaluations. */
  readonly every: number;
  /** Evaluations in a row without a better value after which the run stops; undefined never stops it. */
  readonly patience: number | undefined;
}

/** The best evaluation of a run so far, and how many have followed it. */
export interface EarlyStopping {
  /** The round, counted in rounds done, and its value. */
  readonly best: { readonly round: number; readonly value: number } | null;
  /** Evaluations since the best one. */
  readonly waited: number;
  /** The round after which the last evaluation was. */
  readonly round: number;
}

export const notEvaluated: EarlyStopping = { best: null, waited: 0, round: 0 };

/** Whether it is time for an evaluation after so many rounds; once after each. */
export function isDue(rule: EarlyStoppingRule, state: EarlyStopping, round: number): boolean {
  return round > 0 && round % rule.every === 0 && state.round !== round;
}

/**
 * Takes note of an evaluation. A value is the best when it is strictly better than all before; NaN and infinity never are.
 * Null, where nobody had test samples or they leave the metric undefined, says nothing for or against the model. `better` where that is known already.
 */
export function afterEvaluation(
  rule: EarlyStoppingRule,
  state: EarlyStopping,
  round: number,
  value: number | null,
  better = value !== null && isBetter(rule, state, value),
): EarlyStopping {
  if (value === null) return { ...state, round };
  return better ? { best: { round, value }, waited: 0, round } : { ...state, waited: state.waited + 1, round };
}

export function isExhausted({ patience }: EarlyStoppingRule, { waited }: EarlyStopping): boolean {
  return patience !== undefined && waited >= patience;
}

function isBetter({ better }: EarlyStoppingRule, { best }: EarlyStopping, value: number): boolean {
  if (!Number.isFinite(value)) return false;
  return best === null || (better === 'larger' ? value > best.value : value < best.value);
}
