import type { TandemError } from '../shared/errors.js';
import type { PartPlan, PlaceOnCard, RunStanding } from '../shared/run-card.js';
import type { Transport } from '../shared/transport/transport.js';
import type { RunResult } from './run/summarise.js';

/** What somebody should know who may take part. */
export interface AboutRun {
  readonly state: RunStanding;
  /** Clients that are in it now. */
  readonly here: number;
  /** What a client's part takes; null where each client's is another one. */
  readonly plan: PartPlan | null;
  /** Where each place is another one that a page can take. */
  readonly places?: readonly PlaceOnCard[] | undefined;
}

/** A run, as those see it who carry links to it. */
export interface Host {
  /** The run's id, as in logs. */
  readonly id: string;
  /** The largest message a client has reason to send. */
  readonly maxMessageBytes: number;
  /** The same of one that only asks for predictions, where there are any. */
  readonly maxQueryBytes?: number;
  readonly finished: Promise<RunResult>;
  readonly about: AboutRun;
  /** Takes a client's link; resolves when the client is gone. */
  accept(transport: Transport): Promise<void>;
  /** Ends all sessions; an unfinished run fails with the error. */
  close(error: TandemError): void;
  /** Where the run is written down: does so, and sends clients away until it goes on, there or at another address. */
  drain?(seconds: number, address: string | null): Promise<void>;
}
