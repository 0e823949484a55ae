import {
  given,
  callable,
  choice,
  list,
  number,
  object,
  optional,
  text,
  whole,
  type Fields,
} from '../shared/fields/rules.js';
import { chosen, port, runFields } from '../shared/run-fields.js';
import { hooksRule } from '../server/hooks/hook-fields.js';
import { taskRule } from '../shared/task-fields.js';
import { codecRule } from '../shared/wire/codec-rule.js';
import { transportNames } from './transport-names.js';
import type { SimulateOptions } from './simulate.js';
import type { VerifyOptions } from './verify.js';

/** What the options of `simulate` may be. */
export const simulateFields = {
  ...runFields,
  task: taskRule,
  data: given('{ train, test }, as in docs/tasks.md'),
  transport: optional(choice(transportNames)),
  relays: optional(whole(1)),
  clientSegments: optional(list(whole(1))),
  clientBottoms: optional(list(text)),
  missingIds: optional(number('a share of at least 0, below 1', (value) => value >= 0 && value < 1)),
  onPredictions: optional(callable),
  browsers: optional(whole(0)),
  chromium: optional(text),
  dashboard: optional(port),
  onDashboard: optional(callable),
  beforeClosing: optional(callable),
  onEvent: optional(callable),
  hooks: hooksRule,
  onModel: optional(callable),
  state: optional(text),
  loadedEngine: optional(object),
  signal: optional(object),
} satisfies Fields<SimulateOptions>;

/** What the options of `verify` may be. */
export const verifyFields = {
  task: taskRule,
  dataset: object,
  engine: object,
  steps: whole(1),
  batch: whole(1),
  seed: whole(0),
  topology: optional(chosen),
  codecUp: optional(codecRule),
  codecDown: optional(codecRule),
  onStep: optional(callable),
} satisfies Fields<VerifyOptions>;
