import type { Clock } from '../../shared/clock.js';
import type { RunSettings } from '../../shared/config.js';
import type { Engine } from '../../shared/engine/engine.js';
import type { TandemError } from '../../shared/errors.js';
import type { OnEvent } from '../../shared/events.js';
import type { Message } from '../../shared/protocol/messages.js';
import type { Task } from '../../shared/task.js';
import type { Codec } from '../../shared/wire/codec.js';
import type { SessionHolders } from '../entry/session-holders.js';
import type { CheckpointOptions } from './checkpoints.js';
import type { TestedModel } from './trained-model.js';

export interface RunHostOptions {
  readonly task: Task;
  readonly settings: RunSettings;
  readonly engine: Engine;
  /** `websocket` or `loopback`, for the summary. */
  readonly transport: string;
  readonly onEvent?: OnEvent;
  /** Given the model of each test on the way, and whenever one is the best so far; the run waits for it. */
  readonly onModel?: ((model: TestedModel) => Promise<void>) | undefined;
  /** The real one when left out. */
  readonly clock?: Clock;
  /** Seconds for which a client whose link is lost is waited for; without it, losing the link is leaving. */
  readonly graceSeconds?: number | undefined;
  /** Where checkpoints go, so that the run goes on after a crash. */
  readonly checkpoints?: CheckpointOptions | undefined;
  /** Which invite or key each session belongs to; part of checkpoints. */
  readonly holders?: SessionHolders | undefined;
  readonly heartbeatSeconds?: number | undefined;
  /** Why a client that says hello is refused; undefined lets it in. */
  readonly turnsAway?: ((hello: Message<'hello'>) => TandemError | undefined) | undefined;
  /** Custom codecs. */
  readonly codecs?: readonly Codec[] | undefined;
}
