import type { RunState } from '../../server/run/run-state.js';
import type { Rng } from '../../shared/rng.js';
import { findSchedule } from '../../shared/schedules.js';
import { patient } from './drive-run.js';

type Settings = RunState['settings'];

/** A made-up client. */
export interface Client {
  readonly samples: number;
  readonly testSamples: number;
  joined: boolean;
  gone: boolean;
  /** Steps it was told to do in this turn and has not had answered. */
  stepsLeft: number;
  waiting: boolean;
  uploaded: boolean;
  inTurn: boolean;
  done: number;
}

export function randomSettings(rng: Rng): Settings {
  const schedule = findSchedule(['sequential', 'splitfed-v1', 'splitfed-v2', 'async'][rng.int(4)] ?? '');
  const steps = rng.int(2) === 0 ? Infinity : 1 + rng.int(23);
  const epochs = steps < Infinity && rng.int(2) === 0 ? Infinity : 1 + rng.int(3);
  const roundSteps = rng.int(2) === 0 ? undefined : 1 + rng.int(4);
  const size = { clients: 1 + rng.int(5), batch: 3 + rng.int(5), epochs, steps, roundSteps };
  const waits = rng.int(2) === 0 ? {} : { deadline: 7, quorum: [0.3, 0.5, 1][rng.int(3)] ?? 1 };
  const participation = [1, 1, 0.5][rng.int(3)] ?? 1;
  const patience = [undefined, 1, 2][rng.int(3)];
  const earlyStopping = { name: 'loss', better: 'smaller', every: 1 + rng.int(3), patience } as const;
  const stops = rng.int(2) === 0 ? {} : { earlyStopping };
  const who = { ...patient, staleness: Infinity, participation, ...waits, ...stops };
  return { schedule, seed: rng.int(1_000), ...size, ...who };
}

export function newClient(rng: Rng): Client {
  const testSamples = rng.int(3) * 7;
  const idle = { joined: false, gone: false, stepsLeft: 0, waiting: false, uploaded: false, inTurn: false, done: 0 };
  return { samples: 1 + rng.int(29), testSamples, ...idle };
}
