import type { Monitored } from './metrics/monitored.js';

/** When to evaluate during a run, what is the best of it, and when it has gone on for long enough without a better one. */
export interface WatchRule extends Monitored {
  /** Rounds between two evaluations. */
  readonly every: number;
  /** Evaluations in a row without a better value after which the run stops; undefined never stops it. */
  readonly patience: number | undefined;
}

/** What the evaluations of a run so far have come to. */
export interface Watch {
  /** The round, counted in rounds done, and its value. */
  readonly best: { readonly round: number; readonly value: number } | null;
  /** Evaluations since the best one. */
  readonly waited: number;
  /** The round after which the last evaluation was. */
  readonly round: number;
}

export const unwatched: Watch = { best: null, waited: 0, round: 0 };

/** Whether it is time for an evaluation after so many rounds; once after each. */
export function isDue(rule: WatchRule, watch: Watch, round: number): boolean {
  return round > 0 && round % rule.every === 0 && watch.round !== round;
}

/**
 * Takes note of an evaluation. A value is the best when it is strictly better than all before; NaN and infinity never are.
 * Null, where nobody had test samples or they leave the metric undefined, says nothing for or against the model. `better` where that is known already.
 */
export function watched(
  rule: WatchRule,
  watch: Watch,
  round: number,
  value: number | null,
  better = value !== null && isBetter(rule, watch, value),
): Watch {
  if (value === null) return { ...watch, round };
  return better ? { best: { round, value }, waited: 0, round } : { ...watch, waited: watch.waited + 1, round };
}

export function isExhausted({ patience }: WatchRule, { waited }: Watch): boolean {
  return patience !== undefined && waited >= patience;
}

function isBetter({ better }: WatchRule, { best }: Watch, value: number): boolean {
  if (!Number.isFinite(value)) return false;
  return best === null || (better === 'larger' ? value > best.value : value < best.value);
}
