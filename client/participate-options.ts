import type { IdentifiedData } from '../shared/data/row-ids.js';
import type { Engine } from '../shared/engine/engine.js';
import type { Message } from '../shared/protocol/messages.js';
import type { Codec } from '../shared/wire/codec.js';
import type { Transport } from '../shared/transport/transport.js';
import type { ClientCheckpointOptions } from './checkpoints.js';
import type { OnPredictions } from './predictions.js';
import type { ReconnectOptions } from './reconnect.js';
import type { Spent } from './tally.js';
import type { DataOptions } from './training-data.js';

export interface ParticipateOptions extends DataOptions {
  readonly transport: Transport;
  readonly data: IdentifiedData;
  /** Instead of `data`, once the place in the run is known: fetches the data of that place, and no others. */
  readonly share?: (client: number) => Promise<IdentifiedData>;
  readonly engine: Engine;
  /** How to come back when the link is lost; without it, that ends the run for this client. */
  readonly reconnect?: ReconnectOptions | undefined;
  /** Where this client's part in the run is written down, so that it goes on after a crash. */
  readonly checkpoints?: ClientCheckpointOptions | undefined;
  readonly heartbeatSeconds?: number | undefined;
  /** How many segments of the model this client holds, from the bottom up; by default as many as the topology gives it. */
  readonly segments?: number;
  /** The name of one of the task's further bottoms, to be held here instead of its own. */
  readonly bottom?: string;
  /** Vertical: which party of the run this is. */
  readonly party?: PartyName;
  /** Vertical: whether the rows are in the order of all other parties' already. */
  readonly aligned?: boolean;
  /** Vertical, for the active party where it has `data.toPredict`: is told what the model says of those rows. The run's end waits for it. */
  readonly onPredictions?: OnPredictions;
  /** Custom codecs, which the run may name. */
  readonly codecs?: readonly Codec[];
  /** What runs here, for the log of whoever runs the server. */
  readonly software?: string;
  /** Says goodbye as soon as it is aborted, also while the server is waited for; `participate` then throws CANCELLED. */
  readonly leave?: AbortSignal | undefined;
}

/** `active` has the labels; passive parties have features only, and are numbered from 0. */
export type PartyName = 'active' | number;

/** One finished step, as the client sees it. */
export interface JoinStep extends Spent {
  readonly run: string;
  readonly client: number;
  readonly step: number;
  readonly loss: number;
  readonly samples: number;
}

/** What the client learned about the whole run at its end, and all bytes of its own. */
export interface RunOutcome
  extends Pick<Message<'finished'>, 'steps' | 'samples' | 'testAccuracy' | 'testLoss'>, Spent {}
