import { TandemError } from './errors.js';
import { checkFields } from './fields/check-fields.js';
import { callable, choice, either, given, optional, type Fields } from './fields/rules.js';
import { findRow } from './find-row.js';
import { nameOfFunction } from './custom-rows.js';
import { aggregates, type Schedule } from './schedules.js';

/** How the replicas of a segment become one, as plain data; docs/aggregation.md has the table with formulas. */
export interface Aggregation {
  readonly rule: RuleName | CombineReplicas;
  /** The rule's number: a fraction, a rate or a count; 0 where it takes none. */
  readonly value: number;
  /** Before the rule, the largest Euclidean norm of a client's update; null when updates are not clipped. */
  readonly clip: number | null;
}

/**
 * Makes one of the replicas of a segment: all its trained weights one after the other, of each client that took part in the round, in the order
 * of their numbers. A pure function: what it is to remember until the next round it returns as `memory`, which goes into checkpoints.
 */
export type CombineReplicas = (replicas: readonly WeightsOfClient[], before: BeforeRound) => Float64Array | Combined;

/** A client's replica of a segment. */
export interface WeightsOfClient {
  readonly client: number;
  /** The samples it was trained on. */
  readonly samples: number;
  readonly weights: Float64Array;
}

export interface BeforeRound {
  /** What the clients started from. */
  readonly weights: Float64Array;
  /** What was returned as `memory` last; empty at first. */
  readonly memory: readonly Float64Array[];
}

/** Weights, and what to remember until the next round. */
export interface Combined {
  readonly weights: Float64Array;
  readonly memory: readonly Float64Array[];
}

/** A rule as text, such as `clip:5+median`; as a row; or a custom function. */
export type AggregationChoice = string | AggregationRow | CombineReplicas;

/** A row may leave out what `Aggregation` says is nothing. */
export type AggregationRow = Pick<Aggregation, 'rule'> & Partial<Aggregation>;

/** The rules that come with Tandem. */
export type RuleName = 'mean' | 'fedavgm' | 'fedadam' | 'fedyogi' | 'median' | 'trimmed-mean' | 'krum' | 'multi-krum';

interface AggregationRule {
  readonly name: RuleName;
  /** What may follow the name after a colon; null where nothing may. */
  readonly parameter: {
    readonly word: string;
    readonly standard: (clients: number) => number;
    readonly range: string;
    readonly valid: (value: number) => boolean;
  } | null;
  /** Clients without which the rule is none: fewer cannot outvote a single one. */
  readonly leastClients: (value: number) => number;
  /** Whether it goes on from the weights before, with a memory, rather than from the clients' weights alone. */
  readonly optimizes: boolean;
}

const rate = {
  word: 'RATE',
  standard: () => 0.01,
  range: 'above 0',
  valid: (value: number) => value > 0,
};
const krumCount = {
  word: 'F',
  standard: (clients: number) => Math.max(0, Math.floor((clients - 3) / 2)),
  range: 'a whole number of at least 0',
  valid: (value: number) => Number.isInteger(value) && value >= 0,
};
const krumClients = (f: number) => 2 * f + 3;
const anyClients = () => 1;

const rows: readonly AggregationRule[] = [
  { name: 'mean', parameter: null, leastClients: anyClients, optimizes: false },
  {
    name: 'fedavgm',
    parameter: {
      word: 'MOMENTUM',
      standard: () => 0.9,
      range: 'at least 0 and below 1',
      valid: (value) => value >= 0 && value < 1,
    },
    leastClients: anyClients,
    optimizes: true,
  },
  { name: 'fedadam', parameter: rate, leastClients: anyClients, optimizes: true },
  { name: 'fedyogi', parameter: rate, leastClients: anyClients, optimizes: true },
  { name: 'median', parameter: null, leastClients: () => 3, optimizes: false },
  {
    name: 'trimmed-mean',
    parameter: {
      word: 'FRACTION',
      standard: () => 0.2,
      range: 'above 0 and below 0.5',
      valid: (value) => value > 0 && value < 0.5,
    },
    leastClients: () => 3,
    optimizes: false,
  },
  { name: 'krum', parameter: krumCount, leastClients: krumClients, optimizes: false },
  { name: 'multi-krum', parameter: krumCount, leastClients: krumClients, optimizes: false },
];

export const ruleNames = rows.map((row) => row.name);

const rowFields = {
  rule: either(callable, choice(ruleNames), (value) => typeof value === 'function'),
  // The rule's own range is checked with the rule.
  value: optional(given('a number')),
  clip: optional(given('a number above 0, or null')),
} satisfies Fields<AggregationRow>;

/** A choice as runs are compared by it: rules as text, a function by its name. Throws BAD_OPTION for what is neither. */
export function aggregationText(choice: AggregationChoice): string {
  if (typeof choice === 'string') return choice;
  if (typeof choice === 'function') return aggregationText({ rule: choice });
  checkFields('aggregation', choice, rowFields);
  const { rule, value, clip = null } = choice;
  const clips = clip === null ? '' : `clip:${String(clip)}+`;
  if (typeof rule === 'string')
    return `${clips}${rule}${value === undefined || takesNone(rule, value) ? '' : `:${value}`}`;
  const name = nameOfFunction('aggregation', rule);
  if (!rows.some((row) => row.name === name)) return `${clips}${name}`;
  throw new TandemError(
    'BAD_OPTION',
    `the aggregation '${name}' of your own has the name of one that comes with Tandem`,
    'give it another name',
  );
}

function takesNone(rule: RuleName, value: number): boolean {
  return value === 0 && rows.find(({ name }) => name === rule)?.parameter === null;
}

/** The rule of a choice, for rounds of so many clients. Throws BAD_OPTION as `parseAggregation` does. */
export function resolveAggregation(choice: AggregationChoice, clients: number): Aggregation {
  const text = aggregationText(choice);
  const rule = typeof choice === 'object' ? choice.rule : choice;
  if (typeof rule !== 'function') return parseAggregation(text, clients);
  // Whatever clips stands before a custom rule as before another one.
  const { clip } = parseAggregation(text.slice(0, text.lastIndexOf('+') + 1) + 'mean', clients);
  return { rule, value: 0, clip };
}

/**
 * Reads a rule such as `mean`, `trimmed-mean:0.2` or `clip:5+krum:2` for rounds of so many clients. Throws BAD_OPTION when
 * it is unknown, its number is out of range, or there are too few clients for it.
 */
export function parseAggregation(text: string, clients: number): Aggregation {
  const [head = '', ...others] = text.split('+');
  const clips = head === 'clip' || head.startsWith('clip:');
  const clip = clips ? numberOf(text, head, 'NORM', 'above 0', (value) => value > 0) : null;
  const [rule = 'mean', ...rest] = clips ? others : [head, ...others];
  if (rest.length > 0) {
    const action = 'give one rule, after clip:NORM+ if updates are to be clipped';
    throw new TandemError('BAD_OPTION', `the aggregation '${text}' has more than one rule`, action);
  }
  const row = findRow(rows, rule.split(':')[0] ?? '', 'aggregation');
  const value = valueOf(row, text, rule, clients);
  const least = row.leastClients(value);
  if (clients < least) {
    const fewer =
      row.parameter === krumCount && value > 0 ? `, or a number of at most ${krumCount.standard(clients)}` : '';
    throw new TandemError(
      'BAD_OPTION',
      `the aggregation '${text}'${row.parameter === krumCount ? ` with f = ${value}` : ''} needs at least ${least} clients in a round, there are ${clients}`,
      `give at least ${least} clients${clients >= 3 ? fewer : ''}, or use mean`,
    );
  }
  return { rule: row.name, value, clip };
}

/** Clients that a round has, when none leaves. */
export function clientsInRound({ clients, participation }: { clients: number; participation: number }): number {
  return Math.max(1, Math.round(participation * clients));
}

/** Throws BAD_OPTION when a rule is asked for where nothing is aggregated, besides what `parseAggregation` throws. */
export function checkAggregation(choice: AggregationChoice, clients: number, schedule: Schedule): void {
  const text = aggregationText(choice);
  if (text === 'mean') return;
  if (!aggregates(schedule)) {
    throw new TandemError(
      'BAD_OPTION',
      `the schedule '${schedule.name}' has only one replica of every segment, so '${text}' has nothing to aggregate`,
      'leave --aggregation out, or use a schedule in which clients train at once',
    );
  }
  resolveAggregation(choice, clients);
}

/** The rule for replicas that nobody goes on from: what clients hold is all there is, so nothing is clipped or driven. */
export function withoutHistory({ rule, value }: Aggregation): Aggregation {
  return rows.find(({ name }) => name === rule)?.optimizes
    ? { rule: 'mean', value: 0, clip: null }
    : { rule, value, clip: null };
}

function valueOf({ name, parameter }: AggregationRule, text: string, rule: string, clients: number): number {
  if (rule === name) return parameter?.standard(clients) ?? 0;
  if (!parameter)
    throw new TandemError('BAD_OPTION', `the aggregation '${text}': ${name} takes no number`, `use ${name}`);
  return numberOf(text, rule, parameter.word, parameter.range, parameter.valid);
}

function numberOf(text: string, part: string, word: string, range: string, valid: (value: number) => boolean): number {
  const [name = '', ...given] = part.split(':');
  const value = given.length === 1 && given[0]?.trim() ? Number(given[0]) : NaN;
  if (Number.isFinite(value) && valid(value)) return value;
  throw new TandemError(
    'BAD_OPTION',
    `the aggregation '${text}': ${part} is not ${name}:${word}`,
    `give a number ${range}`,
  );
}
