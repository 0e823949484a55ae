import type { MetricValues } from './metrics/metrics.js';
import type { ByteCounts } from './protocol/byte-meter.js';

/** What happens in a run, for progress bars, logs and dashboards. */
export type RunEvent =
  | { readonly kind: 'client-joined'; readonly client: number; readonly samples: number; readonly engine: string }
  | { readonly kind: 'client-left'; readonly client: number; readonly reason: string }
  | { readonly kind: 'refused'; readonly client: number | null; readonly code: string; readonly reason: string }
  /** `planned` is the number of steps in all, as far as is known. */
  | { readonly kind: 'round-started'; readonly round: number; readonly planned: number }
  | {
      readonly kind: 'step';
      readonly step: number;
      readonly client: number;
      readonly loss: number;
      readonly samples: number;
    }
  | { readonly kind: 'aggregated'; readonly round: number; readonly clients: number }
  | { readonly kind: 'evaluating'; readonly samples: number }
  | { readonly kind: 'evaluated'; readonly samples: number };

export type OnEvent = (event: RunEvent) => void;

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
  /** The metric `accuracy`; null without it or without test samples. */
  readonly testAccuracy: number | null;
  readonly testLoss: number | null;
  /** All of the task's metrics over all test samples; empty without any. */
  readonly metrics: MetricValues;
  readonly bytes: ByteCounts;
  readonly weightsHash: string;
}
