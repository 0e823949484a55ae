import type { AccessEvent } from './access-event.js';
import type { RefusalCode } from './refusals.js';
import type { MetricName, MetricValues } from './metrics/metrics.js';
import type { ByteCounts } from './protocol/byte-meter.js';

/** What happens in a run, for progress bars, logs and dashboards. */
export type RunEvent =
  | {
      readonly kind: 'client-joined';
      readonly client: number;
      readonly samples: number;
      readonly engine: string;
      /** The client's Tandem and what it runs on, where it says so. */
      readonly software?: string | null;
    }
  | ({ readonly kind: 'client-left'; readonly client: number } & Departure)
  | { readonly kind: 'refused'; readonly client: number | null; readonly code: string; readonly reason: string }
  /** A client's link: nothing comes over it, it is lost, or there is one again. The client's session goes on meanwhile. */
  | { readonly kind: 'link'; readonly client: number; readonly change: LinkChange }
  /** Vertical: ids blinded so far and in all, over all parties. */
  | { readonly kind: 'matching'; readonly done: number; readonly total: number }
  /** Vertical: all parties hold the same order of this many rows. */
  | { readonly kind: 'matched'; readonly rows: number }
  /** Vertical: so many rows that all parties have were predicted to the active party, of so many. */
  | { readonly kind: 'predicted'; readonly rows: number; readonly of: number }
  /** A server that was started again goes on from a checkpoint, with what each client has done by then. */
  | {
      readonly kind: 'resumed';
      readonly round: number;
      readonly steps: number;
      readonly samples: number;
      readonly planned: number;
      readonly clients: readonly ResumedClient[];
    }
  /** Before anybody joins: which metrics the tests of this run measure, and how. */
  | { readonly kind: 'measuring'; readonly metrics: readonly Measured[] }
  /** `planned` is the number of steps in all, as far as is known. */
  | { readonly kind: 'round-started'; readonly round: number; readonly planned: number }
  | {
      readonly kind: 'step';
      readonly step: number;
      readonly client: number;
      readonly loss: number;
      readonly samples: number;
      /** The norm of the gradient of the server's weights; undefined where it does not train. */
      readonly gradientNorm?: number | undefined;
    }
  /** What others sent has spoiled what a client was given, for which nobody is put out: what was done about it. Once a round at most, or once a client. */
  | { readonly kind: 'mended'; readonly client: number; readonly round: number; readonly what: string }
  | { readonly kind: 'aggregated'; readonly round: number; readonly clients: number }
  /** The server has gone once more through what clients have sent it of all their samples; `loss` is the mean over that epoch. */
  | {
      readonly kind: 'pool';
      readonly round: number;
      readonly epoch: number;
      readonly epochs: number;
      readonly samples: number;
      readonly loss: number;
    }
  | { readonly kind: 'evaluating'; readonly samples: number }
  | { readonly kind: 'evaluated'; readonly samples: number }
  /** What an evaluation during the run came to. */
  | { readonly kind: 'scored'; readonly evaluation: EvaluationPoint }
  | AccessEvent;

/** A metric that a run measures; `why` says why an approximate one is no more than that. */
export interface Measured {
  readonly name: MetricName;
  readonly how: 'exact' | 'approximate';
  readonly why: string | null;
}

/** Why a client is not in a run any more: `code` says for which error, and is null for one that left on purpose. */
export interface Departure {
  readonly code: RefusalCode | null;
  readonly reason: string;
}

/** For people: how a client is gone, and why. */
export function sayDeparture({ code, reason }: Departure): string {
  return code === null ? `left: ${reason}` : `was lost: ${reason} (${code})`;
}

/** A client that a run went on without, for an error: its own, one that the server found in what it sent, or a lost link. */
export interface LostClient {
  readonly client: number;
  readonly code: RefusalCode;
  readonly message: string;
  /** The steps that it had done. */
  readonly step: number;
}

export type LinkChange =
  | { readonly what: 'silent'; readonly seconds: number; readonly patienceSeconds: number }
  | { readonly what: 'lost'; readonly reason: string; readonly graceSeconds: number }
  | { readonly what: 'back'; readonly seconds: number };

export type OnEvent = (event: RunEvent) => void;

/** A client as a checkpoint has it. */
export interface ResumedClient {
  readonly client: number;
  readonly samples: number;
  readonly steps: number;
  readonly here: boolean;
}

/** One evaluation during a run. */
export interface EvaluationPoint {
  /** Rounds done. */
  readonly round: number;
  /** Training steps and samples so far. */
  readonly steps: number;
  readonly samples: number;
  /** All bytes so far, those of evaluations left out. */
  readonly trainingBytes: number;
  readonly testLoss: number | null;
  readonly metrics: MetricValues;
}

/** One client's part in a run. */
export interface ClientAccount {
  readonly client: number;
  readonly samples: number;
  readonly steps: number;
  readonly bytes: ByteCounts;
}

/** How a run went. `weightsHash` is described in shared/model/weights.ts. */
export interface RunSummary {
  readonly task: string;
  readonly topology: string;
  readonly schedule: string;
  /** The rule that made one of replicas; null where the schedule has none. */
  readonly aggregation: string | null;
  /** The mu of FedProx; 0 for none. */
  readonly proximal: number;
  readonly transport: string;
  readonly engine: string;
  readonly clients: number;
  readonly seed: number;
  readonly steps: number;
  /** Training samples seen, repeats counted. */
  readonly samples: number;
  /** Training time, without waiting for clients and without evaluation. */
  readonly seconds: number;
  readonly samplesPerSecond: number;
  /** Why training did not go on: no better evaluation for too long, all steps done, all passes over the data, or a hook. */
  readonly stopped: 'patience' | 'steps' | 'epochs' | 'hook';
  /** What the hook said that ended the training. */
  readonly stopReason?: string;
  /** The metric `accuracy` of the model that is kept; null without it or without test samples. */
  readonly testAccuracy: number | null;
  readonly testLoss: number | null;
  /** All of the task's metrics over all test samples; empty without any. */
  readonly metrics: MetricValues;
  /** By metric that is not exact: how far the exact value may be from the one in `metrics`, at most. */
  readonly approximate: Readonly<Partial<Record<MetricName, number>>>;
  /** All evaluations of a run that evaluates on its way; else empty. */
  readonly evaluations: readonly EvaluationPoint[];
  /** The evaluation whose model is kept, by its round, and the value that was monitored; null where the last model is. */
  readonly best: { readonly round: number; readonly monitor: string; readonly value: number } | null;
  readonly bytes: ByteCounts;
  /** How many of them, `link` apart, went into tests: bottoms that were given for them, questions, answers and reports. */
  readonly evaluationBytes: number;
  /** Clients that were lost for an error while the run went on, the last time for each place; who left on purpose is not among them. */
  readonly lost: readonly LostClient[];
  readonly weightsHash: string;
  /**
   * Where clients could choose their bottom: the samples that trained each in the model that is kept. `default` is the one that
   * `weightsHash` has; with 0 samples nobody has trained it.
   */
  readonly bottoms?: readonly { readonly name: string; readonly samples: number }[];
}
