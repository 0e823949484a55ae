import type { CheckpointStore } from '../../shared/checkpoint/checkpoint-store.js';
import type { CrashPoint } from '../../shared/crash-point.js';

/** Who is killed when a point is reached: who reached it, or everybody else, or all. */
export type Victims = 'self' | 'peer' | 'both';

export interface Crash {
  readonly point: CrashPoint;
  readonly occurrence: number;
  readonly victims: Victims;
}

/** A planted bug: what becomes of a store or of anything else a side is given. */
export interface Mutant {
  /** Those in which it shows. */
  readonly schedules?: readonly string[];
  /** Where a sample looks for it. */
  readonly points?: readonly CrashPoint[];
  readonly serverStore?: (store: CheckpointStore) => CheckpointStore;
  readonly clientStore?: (store: CheckpointStore) => CheckpointStore;
  /** Sessions send without waiting for room in the send buffers of their links. */
  readonly hidesRoom?: boolean;
}
