import { checkAggregation, clientsInRound, type AggregationChoice } from './aggregation.js';
import { refusalOf } from './combinations.js';
import { TandemError } from './errors.js';
import { parsePartition } from './data/partition.js';
import type { EarlyStoppingRule } from './early-stopping.js';
import { monitored } from './metrics/monitored.js';
import { refuseForJoint, type MissingRule } from './joint-options.js';
import { checkFields } from './fields/check-fields.js';
import { refuseForPool } from './pool-options.js';
import { runFields } from './run-fields.js';
import { findSchedule, type Schedule, type ScheduleChoice } from './schedules.js';
import { findTopology, type Topology, type TopologyChoice } from './topologies.js';
import type { Task } from './task.js';
import { codecsOf, type CodecChoice } from './wire/codecs-of.js';
import { refuseIdleCorrection } from './wire/refuse-correction.js';

/** The settings of a run, the same for `serve`, `simulate` and `verify`. */
export interface RunOptions {
  /** Who holds which segment: a name, a custom row, or a function that places segments. */
  readonly topology?: TopologyChoice;
  /** Who trains when, and what is averaged: a name, a custom row, or a function that plans rounds. */
  readonly schedule?: ScheduleChoice;
  readonly clients?: number;
  /** Passes over each client's data. */
  readonly epochs?: number;
  /** Training steps in all, over all clients; the run ends at whichever of epochs and steps comes first. */
  readonly steps?: number;
  /** Steps of each client between two aggregations; an epoch when left out. */
  readonly roundSteps?: number;
  readonly batch?: number;
  readonly seed?: number;
  readonly engine?: string;
  readonly partition?: string;
  /** How replicas become one at the end of a round: `mean`, `trimmed-mean:0.2`, `clip:5+median`, the same as a row, or a custom function. */
  readonly aggregation?: AggregationChoice;
  /** The norm that the gradient of the server's weights may have in a step of one client; a longer one is refused. */
  readonly maxGradient?: number;
  /** The mu of FedProx, which holds each client's bottom near the one its round began with; 0 for none. */
  readonly proximal?: number;
  /** Training samples taken from the data set. */
  readonly limit?: number;
  /** `async` only: steps a client may be ahead of the slowest. */
  readonly staleness?: number;
  /** `local-loss` only: every how many steps of a client the cut gradient comes down all the same; never when left out. */
  readonly alignEvery?: number;
  /** `local-loss` only: smashed data travel once, and the server goes through them so many times. It keeps them for that long. */
  readonly pool?: number;
  /** With `pool`: rounds after which the pool is filled anew; once, when bottoms have learned, when left out. */
  readonly poolEvery?: number;
  /** The share of the clients, above 0 and up to 1, that take part in a round. */
  readonly participation?: number;
  /** Seconds after which a round goes on without clients that say nothing; without it, all are waited for. */
  readonly deadlineSeconds?: number;
  /** The share of a round's clients, above 0 and up to 1, without which it does not go on at the deadline. */
  readonly quorum?: number;
  /** Evaluate after every so many rounds and at the end, and keep the model of the best evaluation. */
  readonly evaluateEvery?: number;
  /** Stop after so many evaluations in a row without a better one. Implies `evaluateEvery: 1`. */
  readonly patience?: number;
  /** What tells the better of two evaluations: `loss`, or one of the task's metrics. */
  readonly monitor?: string;
  /** Vertical: whether a passive party that is not there is waited for, or its smashed data are taken as zeros. */
  readonly missing?: MissingRule;
  /** Vertical: all parties' rows are the same and in the same order already, so their ids are not matched. */
  readonly aligned?: boolean;
  /** How smashed data travel, such as `int8` or `topk:8+int4`: see docs/wire.md. As float32 when left out. */
  readonly codecUp?: CodecChoice;
  /** How cut gradients travel. */
  readonly codecDown?: CodecChoice;
  /** How weights of bottoms travel. */
  readonly codecWeights?: CodecChoice;
}

export interface RunSettings extends Omit<
  Required<RunOptions>,
  | 'topology'
  | 'schedule'
  | 'epochs'
  | 'steps'
  | 'roundSteps'
  | 'maxGradient'
  | 'limit'
  | 'deadlineSeconds'
  | 'alignEvery'
  | 'pool'
  | 'poolEvery'
  | 'evaluateEvery'
  | 'patience'
  | 'codecUp'
  | 'codecDown'
  | 'codecWeights'
> {
  readonly topology: Topology;
  readonly schedule: Schedule;
  /** Asked before each round: whether a program has ended the training. */
  readonly isStopped?: (() => boolean) | undefined;
  /** Infinity when only `steps` ends the run. */
  readonly epochs: number;
  /** Infinity when only `epochs` ends the run. */
  readonly steps: number;
  readonly roundSteps: number | undefined;
  /** Undefined where only what could overflow is refused. */
  readonly maxGradient: number | undefined;
  readonly limit: number | undefined;
  readonly deadline: number | undefined;
  readonly alignEvery: number | undefined;
  /** Undefined where smashed data are learned from as they come. */
  readonly pool: number | undefined;
  readonly poolEvery: number | undefined;
  /** Undefined evaluates at the end only and keeps the last model. */
  readonly evaluateEvery: number | undefined;
  readonly patience: number | undefined;
  /** Undefined for float32 as it is. */
  readonly codecUp: string | undefined;
  readonly codecDown: string | undefined;
  readonly codecWeights: string | undefined;
}

const DEFAULT_STALENESS = 4;
const DEFAULT_QUORUM = 0.5;

/** Fills in defaults, the task's first. Throws BAD_OPTION that names the option and its value. */
export function resolveRun(task: Task, options: RunOptions = {}): RunSettings {
  checkFields('the run', options, runFields);
  const {
    topology = 'vanilla',
    schedule = findTopology(topology).data === 'features' ? 'joint' : 'splitfed-v2',
    clients = 1,
    batch = task.batch ?? 64,
    seed = 1,
    engine = 'auto',
    partition = 'iid',
    aggregation = 'mean',
    proximal = 0,
    maxGradient,
    roundSteps,
    limit,
    staleness = DEFAULT_STALENESS,
    alignEvery,
    pool,
    poolEvery,
    participation = 1,
    deadlineSeconds: deadline,
    quorum = DEFAULT_QUORUM,
    patience,
    evaluateEvery = patience === undefined ? undefined : 1,
    monitor = 'loss',
    missing = 'wait',
    aligned = false,
    steps = Infinity,
    epochs = steps < Infinity ? Infinity : (task.epochs ?? 1),
  } = options;
  const [placed, row] = [findTopology(topology), findSchedule(schedule)];
  const misfit = refusalOf(placed, row);
  if (misfit !== undefined) throw new TandemError('BAD_OPTION', misfit, 'choose another --topology or --schedule');
  refuseNonsense(row, options);
  refuseForJoint(row, { ...options, missing });
  parsePartition(partition);
  const size = { clients, epochs, steps, roundSteps, batch, limit };
  const waiting = { staleness, alignEvery, pool, poolEvery, participation, deadline, quorum, missing, aligned };
  const rounds = { ...waiting, aggregation, proximal, maxGradient };
  const tests = { evaluateEvery, patience, monitor };
  const coded = codecsOf(options);
  refuseIdleCorrection(options, {
    up: row.lanes !== 'none' && (!row.auxiliary || alignEvery !== undefined),
    down: placed.party(3, 4) === 'client',
  });
  const settings = { topology: placed, schedule: row, ...size, ...rounds, ...tests, ...coded, seed, engine, partition };
  if (options.monitor !== undefined && evaluateEvery === undefined) {
    const why = `monitor is ${options.monitor}, but nothing is evaluated before the end`;
    throw new TandemError('BAD_OPTION', why, 'give --evaluate-every or --patience too, or leave it out');
  }
  monitored(monitor, task.metrics);
  checkAggregation(aggregation, clientsInRound(settings), row);
  if (proximal > 0 && row.bottoms !== 'averaged') {
    const what = `the schedule '${row.name}' gives no bottom to all clients at the start of a round`;
    throw new TandemError(
      'BAD_OPTION',
      `${what}, so there is nothing for proximal = ${proximal} to hold it near`,
      'leave --proximal out, or use splitfed-v1 or splitfed-v2',
    );
  }
  return settings;
}

/** How a run's evaluations decide; undefined where the only one is at the end. */
export function earlyStoppingRule(
  task: Task,
  { evaluateEvery, patience, monitor }: RunSettings,
): EarlyStoppingRule | undefined {
  if (evaluateEvery === undefined) return undefined;
  return { ...monitored(monitor, task.metrics), every: evaluateEvery, patience };
}

/** What a user can ask for and no schedule can give. */
function refuseNonsense(schedule: Schedule, options: RunOptions): void {
  const refuse = (what: string, why: string) => {
    throw new TandemError(
      'BAD_OPTION',
      `${what} has no meaning with schedule '${schedule.name}': ${why}`,
      'leave it out',
    );
  };
  const { staleness, alignEvery, participation, deadlineSeconds: deadline, quorum, maxGradient } = options;
  refuseForPool(schedule, options);
  if (staleness !== undefined && !(schedule.lanes === 'shared' && schedule.order === 'arrival')) {
    refuse('staleness', 'only on a shared lane that takes steps as they arrive can a client run ahead');
  }
  if (maxGradient !== undefined && schedule.lanes === 'none') {
    refuse('maxGradient', 'the server trains nothing');
  }
  if (alignEvery !== undefined && !schedule.auxiliary) {
    refuse('alignEvery', 'only bottoms that learn from an auxiliary head need to be aligned');
  }
  if (schedule.clients === 'none' && [participation, deadline, quorum].some((option) => option !== undefined)) {
    refuse('participation, deadlineSeconds or quorum', 'there are no clients');
  }
  if (participation !== undefined && schedule.plan) {
    refuse('participation', 'its plan says who takes part in a round');
  }
  if (quorum !== undefined && deadline === undefined) refuse('quorum', 'without a deadline all clients are waited for');
  if (quorum !== undefined && schedule.clients === 'in-turns') refuse('quorum', 'there is one client at a time');
}
