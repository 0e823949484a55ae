import type { CheckpointStore } from '../../shared/checkpoint/checkpoint-store.js';
import type { RunHost } from '../../server/run/run-host.js';
import type { CrashPoint } from '../../shared/crash-point.js';
import type { Engine } from '../../shared/engine/engine.js';

/** Who is killed when a point is reached: who reached it, or everybody else, or all. */
export type Victims = 'self' | 'peer' | 'both';

export interface Crash {
  readonly point: CrashPoint;
  readonly occurrence: number;
  readonly victims: Victims;
}

/** A planted bug: what becomes of a store or of anything else a side is given. */
export interface Mutant {
  /** Of those with tfjs, in which it shows; splitfed-v2 when left out. */
  readonly settings?: readonly string[];
  /** Where a sample looks for it, and from which to which time that it is reached. */
  readonly points?: readonly CrashPoint[];
  readonly times?: readonly [number, number];
  readonly serverStore?: (store: CheckpointStore, host: () => RunHost | undefined) => CheckpointStore;
  readonly clientStore?: (store: CheckpointStore) => CheckpointStore;
  /** Changes a server that has just begun, or goes on. */
  readonly server?: (host: RunHost) => void;
  readonly clientEngine?: (engine: Engine) => Engine;
  /** Sessions send without waiting for room in the send buffers of their links. */
  readonly hidesRoom?: boolean;
}
