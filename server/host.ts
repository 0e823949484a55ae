import type { TandemError } from '../shared/errors.js';
import type { PartPlan, PlaceOnCard, RunStanding } from '../shared/run-card.js';
import type { Transport } from '../shared/transport/transport.js';
import type { RunResult } from './run/summarise.js';

/** What a client may know of a run before it takes part. */
export interface AboutRun {
  readonly state: RunStanding;
  /** Clients that are in it now. */
  readonly here: number;
  /** What taking part costs; null where that differs between clients. */
  readonly plan: PartPlan | null;
  /** Where each place is another one that a page can take. */
  readonly places?: readonly PlaceOnCard[] | undefined;
}

/** A run as the server's sockets see it. */
export interface Host {
  /** The run's id, as in logs. */
  readonly id: string;
  /** The largest message a client may need to send. */
  readonly maxMessageBytes: number;
  /** The same for a client with the role infer, where there are any. */
  readonly maxQueryBytes?: number;
  readonly finished: Promise<RunResult>;
  readonly about: AboutRun;
  /** Takes a client's link; resolves when the client is gone. */
  accept(transport: Transport): Promise<void>;
  /** Ends all sessions; an unfinished run fails with the error. */
  close(error: TandemError): void;
  /** Where there are checkpoints: writes one, and sends clients away until the run goes on, here or at another address. */
  drain?(seconds: number, address: string | null): Promise<void>;
}
