import type { RunOptions } from './config.js';
import { pickFields } from './fields/check-fields.js';
import { flag, isObject, like, number, optional, text, whole, type Fields } from './fields/rules.js';
import { limits } from './protocol/limits.js';
import { codecRule } from './wire/codec-rule.js';

/** A day: well below what a timer can hold. */
const MAX_SECONDS = 86_400;

/** Without end where only the other one of epochs and steps ends the run. */
function wholeOrEndless(most: number) {
  const { says } = whole(1, most);
  return like(says, (value) => value === Infinity || whole(1, most).fault(value) === undefined);
}

const share = number('a share above 0 and up to 1', (value) => value > 0 && value <= 1);

/** A choice from a table or beside it; what a row holds, its table checks. */
export const chosen = like(
  'a name, a row or a function',
  (value) => (typeof value === 'string' && value !== '') || typeof value === 'function' || isObject(value),
);

/** What the options of a run may be, one by one; what they may be together, `resolveRun` says. */
export const runFields = {
  topology: optional(chosen),
  schedule: optional(chosen),
  clients: optional(whole(1, limits.clients)),
  epochs: optional(wholeOrEndless(limits.rounds)),
  steps: optional(wholeOrEndless(limits.totalSteps)),
  roundSteps: optional(whole(1, limits.steps)),
  batch: optional(whole(1, limits.batch)),
  seed: optional(whole(0)),
  engine: optional(text),
  partition: optional(text),
  aggregation: optional(chosen),
  maxGradient: optional(number('a number above 0 and up to 1e15', (value) => value > 0 && value <= 1e15)),
  proximal: optional(number('a number of at least 0, below 1e6', (value) => value >= 0 && value < 1e6)),
  limit: optional(whole(1, limits.samples)),
  staleness: optional(whole(0)),
  alignEvery: optional(whole(1, limits.steps)),
  pool: optional(whole(1, limits.rounds)),
  poolEvery: optional(whole(1, limits.rounds)),
  participation: optional(share),
  deadlineSeconds: optional(
    number(`seconds above 0 and up to ${MAX_SECONDS}`, (value) => value > 0 && value <= MAX_SECONDS),
  ),
  quorum: optional(share),
  evaluateEvery: optional(whole(1, limits.rounds)),
  patience: optional(whole(1, limits.rounds)),
  monitor: optional(text),
  missing: optional(text),
  aligned: optional(flag),
  codecUp: optional(codecRule),
  codecDown: optional(codecRule),
  codecWeights: optional(codecRule),
} satisfies Fields<RunOptions>;

/** Those of the options that are a run's. */
export function runOptionsOf(options: object): RunOptions {
  return pickFields<RunOptions>(options, runFields);
}

/** How long a lost link is waited for. */
export const seconds = number('seconds of at least 0, below a day', (value) => value >= 0 && value < MAX_SECONDS);
export const port = whole(0, 65_535);
