import { checkAggregation } from './aggregation.js';
import { TandemError } from './errors.js';
import { parsePartition } from './data/partition.js';
import { findSchedule } from './schedules.js';
import { findTopology } from './topologies.js';
import type { Task } from './task.js';

/** The settings of a run, the same for `serve`, `simulate` and `verify`. */
export interface RunOptions {
  readonly topology?: string;
  readonly schedule?: string;
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
  /** How replicas become one at the end of a round: `mean`, `trimmed-mean:0.2`, `clip:5+median`. */
  readonly aggregation?: string;
  /** Training samples taken from the data set. */
  readonly limit?: number;
}

export interface RunSettings extends Omit<Required<RunOptions>, 'epochs' | 'steps' | 'roundSteps' | 'limit'> {
  /** Infinity when only `steps` ends the run. */
  readonly epochs: number;
  /** Infinity when only `epochs` ends the run. */
  readonly steps: number;
  readonly roundSteps: number | undefined;
  readonly limit: number | undefined;
}

/** Fills in defaults, the task's first. Throws BAD_OPTION that names the option and its value. */
export function resolveRun(task: Task, options: RunOptions = {}): RunSettings {
  const {
    topology = 'vanilla',
    schedule = 'splitfed-v2',
    clients = 1,
    batch = task.batch ?? 64,
    seed = 1,
    engine = 'auto',
    partition = 'iid',
    aggregation = 'mean',
    roundSteps,
    limit,
    steps = Infinity,
    epochs = steps < Infinity ? Infinity : (task.epochs ?? 1),
  } = options;
  findTopology(topology);
  const row = findSchedule(schedule);
  parsePartition(partition);
  const course = { topology, schedule, clients, epochs, steps, roundSteps, batch, seed };
  const settings = { ...course, engine, partition, aggregation, limit };
  for (const name of ['clients', 'epochs', 'steps', 'roundSteps', 'batch', 'limit'] as const) {
    const value = settings[name];
    if (value === undefined || value === Infinity) continue;
    if (!Number.isInteger(value) || value < 1) {
      throw new TandemError('BAD_OPTION', `${name} is ${value}`, 'give a whole number of at least 1');
    }
  }
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new TandemError('BAD_OPTION', `seed is ${seed}`, 'give a whole number of at least 0');
  }
  checkAggregation(aggregation, clients, row);
  return settings;
}
