import type { Confusion } from '../metrics/confusion.js';
import type { RefusalCode } from '../refusals.js';
import type { RunSummary } from '../events.js';
import type { Side } from '../topologies.js';
import { emptySeries, type Series } from './series.js';

/** What a dashboard shows of a run: plain data of bounded size, the same at the server and in the page. */
export interface DashboardState {
  readonly facts: RunFacts;
  /** The server's clock when this was so, in milliseconds since 1970. */
  readonly at: number;
  readonly phase: Phase;
  readonly progress: Progress;
  /** By steps: the loss of a step. */
  readonly loss: Series;
  /** By seconds of the run: samples, bytes up and bytes down in a second. */
  readonly flow: Series;
  readonly evaluations: readonly EvaluationShown[];
  /** Of the newest evaluation that has one: `[label][predicted]`. */
  readonly confusion: Confusion | null;
  readonly traffic: TrafficReading;
  readonly clients: readonly ClientTile[];
  /** By code, how often. */
  readonly refusals: Readonly<Record<string, number>>;
  /** The newest entries, oldest first. */
  readonly log: readonly LogEntry[];
  readonly ending: Ending | null;
}

export type Phase = 'gathering' | 'training' | 'averaging' | 'testing' | 'finished' | 'failed';

/** What does not change during a run. */
export interface RunFacts {
  readonly run: string;
  readonly task: string;
  readonly topology: string;
  readonly schedule: string;
  /** The server's, in its own words. */
  readonly engine: string;
  readonly clients: number;
  readonly seed: number;
  readonly batch: number;
  /** Steps of a client between two aggregations; null for an epoch. */
  readonly roundSteps: number | null;
  /** The share of the clients in a round. */
  readonly participation: number;
  /** The segments from the bottom up. */
  readonly chain: readonly PlacedSegment[];
  /** Whether clients have different rows of the same features, or different features of the same rows. */
  readonly data: 'rows' | 'features';
  /** What tests are shown by: a metric, and whether it is a share of 1; null for the loss. */
  readonly metric: { readonly name: string; readonly isShare: boolean } | null;
  /** Whether cut gradients come down after every step. */
  readonly gradients: boolean;
}

export interface PlacedSegment {
  readonly party: Side;
  readonly role: 'bottom' | 'middle' | 'top' | 'whole';
  /** The layers at which it ends; null for the last one. */
  readonly cut: string | null;
}

export interface Progress {
  /** From 0. */
  readonly round: number;
  readonly steps: number;
  /** Steps of the run, as far as is known; 0 before it begins. */
  readonly planned: number;
  readonly samples: number;
  /** Steps before this round. */
  readonly stepsBefore: number;
  /** A running mean; null before the first step. */
  readonly loss: number | null;
  readonly startedAt: number | null;
  /** When the run was over, well or not; null before. */
  readonly endedAt: number | null;
  /** Test samples asked for and done in the evaluation under way. */
  readonly testing: { readonly samples: number; readonly done: number } | null;
}

export interface EvaluationShown {
  readonly steps: number;
  /** Rounds done. */
  readonly round: number;
  readonly testLoss: number | null;
  /** Those that are single numbers. */
  readonly metrics: Readonly<Record<string, number>>;
}

/** Milliseconds that half, and 95 of 100, of the newest measurements stay below. */
export interface Percentiles {
  readonly p50: number;
  readonly p95: number;
  readonly count: number;
}

export interface TrafficReading {
  /** Bytes of all messages so far, as they crossed the server's links. */
  readonly up: number;
  readonly down: number;
  readonly samplesPerSecond: number;
  readonly upPerSecond: number;
  readonly downPerSecond: number;
  /** From a step's arrival to its answer's departure: waiting for its turn, and the server's computation. */
  readonly answer: Percentiles | null;
  /** From an answer's departure to the next step's arrival on the same link: the network both ways, and the client's computation. */
  readonly away: Percentiles | null;
}

export interface ClientTile {
  readonly client: number;
  /** In the client's own words. */
  readonly engine: string;
  readonly samples: number;
  readonly steps: number;
  readonly loss: number | null;
  readonly lastStepAt: number | null;
  readonly here: boolean;
  /** The error for which it is not here; null for a client that is, or that left on purpose. */
  readonly code: RefusalCode | null;
  /** Why it is not here. */
  readonly reason: string | null;
}

export interface LogEntry {
  /** Counts all entries from 1, so that a reader knows which it has seen. */
  readonly number: number;
  readonly at: number;
  readonly kind: 'came' | 'left' | 'lost' | 'refused' | 'scored' | 'course';
  readonly text: string;
}

export type Ending =
  | { readonly kind: 'finished'; readonly summary: ShownSummary }
  | { readonly kind: 'failed'; readonly code: string; readonly reason: string };

export type ShownSummary = Pick<
  RunSummary,
  | 'steps'
  | 'samples'
  | 'seconds'
  | 'samplesPerSecond'
  | 'stopped'
  | 'testAccuracy'
  | 'testLoss'
  | 'bytes'
  | 'lost'
  | 'weightsHash'
>;

export const noTraffic: TrafficReading = {
  up: 0,
  down: 0,
  samplesPerSecond: 0,
  upPerSecond: 0,
  downPerSecond: 0,
  answer: null,
  away: null,
};

export function initialDashboard(facts: RunFacts, at: number): DashboardState {
  return {
    facts,
    at,
    phase: 'gathering',
    progress: {
      round: 0,
      steps: 0,
      planned: 0,
      samples: 0,
      stepsBefore: 0,
      loss: null,
      startedAt: null,
      endedAt: null,
      testing: null,
    },
    loss: emptySeries(1),
    flow: emptySeries(3),
    evaluations: [],
    confusion: null,
    traffic: noTraffic,
    clients: [],
    refusals: {},
    log: [],
    ending: null,
  };
}
