import { InvalidArgumentError, Option, type Command } from 'commander';
import { ruleNames } from '../shared/aggregation.js';
import type { RunOptions } from '../shared/config.js';
import { engineNames } from '../shared/engine/choose-engine.js';
import { missingRules } from '../shared/joint-options.js';
import { scheduleNames } from '../shared/schedules.js';
import { topologyNames } from '../shared/topologies.js';
import { stageNames } from '../shared/wire/codec-registry.js';

/** What the flags of a run parse to. */
export interface RunFlags extends RunOptions {
  readonly topology?: string;
  readonly schedule?: string;
  readonly aggregation?: string;
  readonly task: string;
  readonly cut?: string;
}

/** A number of a flag; `says` is what the flag takes, and is what a person reads who gave another one. */
function numberFlag(says: string, fits: (value: number) => boolean): (text: string) => number {
  return (text) => {
    // Number() makes 0 of nothing, and numbers of notations that nobody means.
    const value = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text.trim()) ? Number(text) : NaN;
    if (!Number.isFinite(value) || !fits(value)) throw new InvalidArgumentError(`It must be ${says}.`);
    return value;
  };
}

const isWhole = Number.isSafeInteger;

export const atLeastOne = numberFlag('a whole number of at least 1', (value) => isWhole(value) && value >= 1);
export const wholeNumber = numberFlag('a whole number of at least 0', (value) => isWhole(value) && value >= 0);
export const portNumber = numberFlag(
  'a whole number from 0 to 65535',
  (value) => isWhole(value) && value >= 0 && value <= 65_535,
);
export const share = numberFlag('a number above 0, up to 1', (value) => value > 0 && value <= 1);
/** A share that leaves something. */
export const shareBelowOne = numberFlag('a number of at least 0, below 1', (value) => value >= 0 && value < 1);
export const secondsFromZero = numberFlag(
  'a number of at least 0, below a day in seconds',
  (value) => value >= 0 && value < 86_400,
);
export const aboveZero = numberFlag('a number above 0', (value) => value > 0);
const numberFromZero = numberFlag('a number of at least 0, below 1000000', (value) => value >= 0 && value < 1e6);

const codecNames = `a sum of ${stageNames.map((name) => name.replace(/\[.*/, '')).join(', ')}`;
/** A flag of seconds, whose option in a program has them in its name. */
class SecondsOption extends Option {
  override attributeName(): string {
    return `${super.attributeName()}Seconds`;
  }
}

/** For how long a server, or a relay, waits for a client that has lost its link. */
export function graceFlag(): Option {
  const says = 'how long to wait for a client that has lost its link';
  return new SecondsOption('--grace <seconds>', says).argParser(secondsFromZero).default(10);
}

const flags: Readonly<Record<string, () => Option>> = {
  task: () => new Option('--task <name|file>', 'a built-in task or the path of a task file').default('mnist'),
  cut: () => new Option('--cut <layers>', "where to cut: a, a+b or a,b for two cuts (default: the task's)"),
  topology: () => new Option('--topology <name>', 'who holds which segment').choices(topologyNames).default('vanilla'),
  schedule: () =>
    new Option(
      '--schedule <name>',
      'how clients take turns (default: splitfed-v2; joint where each party has other features)',
    ).choices(scheduleNames),
  clients: () =>
    new Option('--clients <n>', 'clients in the run (default: 4 for simulate, 1 for serve)').argParser(atLeastOne),
  epochs: () =>
    new Option('--epochs <n>', "passes over each client's data (default: the task's)").argParser(atLeastOne),
  steps: () => new Option('--steps <n>', 'training steps in all, over all clients').argParser(atLeastOne),
  roundSteps: () =>
    new Option('--round-steps <n>', 'steps of each client between two aggregations (default: an epoch)').argParser(
      atLeastOne,
    ),
  batch: () => new Option('--batch <n>', "samples in a step (default: the task's)").argParser(atLeastOne),
  limit: () => new Option('--limit <n>', 'training samples used (default: all)').argParser(atLeastOne),
  seed: () => new Option('--seed <n>', 'fixes every random choice of the run').argParser(wholeNumber).default(1),
  engine: () => new Option('--engine <name>', 'what computes').choices(engineNames).default('auto'),
  partition: () =>
    new Option('--partition <kind>', 'how samples are dealt: iid, shards:N or dirichlet:ALPHA').default('iid'),
  aggregation: () =>
    new Option(
      '--aggregation <rule>',
      `how replicas become one at the end of a round: ${ruleNames.join(', ')}; clip:NORM+ before any of them`,
    ).default('mean'),
  proximal: () =>
    new Option('--proximal <mu>', "holds each client's bottom near the one its round began with (FedProx)")
      .argParser(numberFromZero)
      .default(0),
  maxGradient: () =>
    new Option(
      '--max-gradient <norm>',
      "refuse a client's step if the gradient of the server's weights is longer (default: what could overflow)",
    ).argParser(aboveZero),
  staleness: () =>
    new Option('--staleness <n>', 'async: steps a client may be ahead of the slowest (default: 4)').argParser(
      wholeNumber,
    ),
  alignEvery: () =>
    new Option(
      '--align-every <n>',
      'local-loss: steps of a client after which the cut gradient comes down all the same (default: never)',
    ).argParser(atLeastOne),
  pool: () =>
    new Option(
      '--pool <epochs>',
      'local-loss: smashed data travel once; the server keeps them, goes through them so often, and deletes them',
    ).argParser(atLeastOne),
  poolEvery: () =>
    new Option('--pool-every <rounds>', 'with --pool: send anew after so many rounds (default: once)').argParser(
      atLeastOne,
    ),
  participation: () =>
    new Option('--participation <share>', 'share of the clients in a round, chosen anew (default: 1)').argParser(share),
  deadlineSeconds: () =>
    new SecondsOption('--deadline <seconds>', 'do not wait longer for silent clients (default: wait)').argParser(
      aboveZero,
    ),
  quorum: () =>
    new Option('--quorum <share>', 'share of the clients a round needs at its deadline (default: 0.5)').argParser(
      share,
    ),
  evaluateEvery: () =>
    new Option(
      '--evaluate-every <rounds>',
      'test after every so many rounds and keep the best model (default: test at the end)',
    ).argParser(atLeastOne),
  patience: () =>
    new Option('--patience <n>', 'stop after so many tests in a row without a better one').argParser(atLeastOne),
  monitor: () =>
    new Option('--monitor <name>', "what tells the better test: loss or one of the task's metrics (default: loss)"),
  missing: () =>
    new Option(
      '--missing <what>',
      'vertical: when a passive party is not there, wait or take zeros (default: wait)',
    ).choices(missingRules),
  codecUp: () => new Option('--codec-up <codec>', `how smashed data travel: ${codecNames} (default: fp32)`),
  codecDown: () => new Option('--codec-down <codec>', 'how cut gradients travel, likewise (default: fp32)'),
  codecWeights: () => new Option('--codec-weights <codec>', 'how weights of bottoms travel, likewise (default: fp32)'),
};

/** The flags of a run, in the order in which `--help` lists them. */
const runFlags = [
  'task',
  'cut',
  'topology',
  'schedule',
  'clients',
  'epochs',
  'steps',
  'roundSteps',
  'batch',
  'seed',
  'engine',
  'partition',
  'aggregation',
  'proximal',
  'maxGradient',
  'limit',
  'staleness',
  'alignEvery',
  'pool',
  'poolEvery',
  'participation',
  'deadlineSeconds',
  'quorum',
  'missing',
  'evaluateEvery',
  'patience',
  'monitor',
  'codecUp',
  'codecDown',
  'codecWeights',
];

/** Adds flags of the run to a command, but those that it has no use for: one definition for all commands. */
export function withRunFlags(command: Command, without: readonly string[] = []): Command {
  for (const name of runFlags.filter((each) => !without.includes(each))) {
    const make = flags[name];
    if (make) command.addOption(make());
  }
  return command;
}

/** Flags that name what is trained rather than how; runs that differ in them have nothing to compare. */
const NOT_COMPARED = ['task', 'cut'];

/** Reads the value of one flag of a run by its name on the command line. Throws InvalidArgumentError. */
export function parseRunFlag(name: string, text: string): { readonly option: string; readonly value: unknown } {
  const option = runFlags.flatMap((key) => flags[key]?.() ?? []).find((known) => known.name() === name);
  const names = runFlags.flatMap((key) => flags[key]?.().name() ?? []).filter((known) => !NOT_COMPARED.includes(known));
  if (!option || !names.includes(name)) {
    throw new InvalidArgumentError(`'${name}' cannot differ between runs; use one of: ${names.join(', ')}.`);
  }
  // Commander hands the value before this one along; a flag of a run takes one value only.
  const value: unknown = option.parseArg ? option.parseArg(text, undefined) : text;
  return { option: option.attributeName(), value };
}

/** What the flags of a command that ends with a run's summary parse to. */
export interface OutputFlags {
  readonly save?: string;
  readonly strict: boolean;
  readonly json: boolean;
  readonly logJson: boolean;
}

/** Adds the flags of a command that ends with a run's summary. */
export function withOutputFlags(command: Command): Command {
  return command
    .addOption(strictFlag())
    .option('--save <folder>', 'keep the summary and the trained weights')
    .addOption(jsonFlag())
    .addOption(logFlag());
}

export function strictFlag(): Option {
  return new Option('--strict', 'fail at the end of a run that has lost a client for an error').default(false);
}

export function logFlag(): Option {
  return new Option('--log-json', 'log as JSON lines on stderr').default(false);
}

export function jsonFlag(): Option {
  return new Option('--json', 'print one JSON object as the last line of stdout').default(false);
}

/** The flag of both sides of a vertical run whose rows need no matching. */
export function alignedFlag(): Option {
  return new Option('--aligned', "vertical: all parties' rows are the same, in the same order, so no ids are matched");
}

/** A share as `i/n`, such as 0/3. */
export function shardOf(text: string): [number, number] {
  const [index = NaN, count = NaN] = text.split('/').map((part) => (/^\d+$/.test(part) ? Number(part) : NaN));
  if (!(index < count) || text.split('/').length !== 2) {
    throw new InvalidArgumentError('It must be like 0/3: share 0, 1 or 2 of 3.');
  }
  return [index, count];
}
