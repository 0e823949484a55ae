import type { Clock } from '../clock.js';
import type { TandemError } from '../errors.js';
import type { Message } from '../protocol/messages.js';
import type { CodecRegistry } from '../wire/codec-registry.js';
import type { Transport } from '../transport/transport.js';

/** The owner of a lasting link: how it is kept alive, and who is told what happens to it. */
export interface LinkKeeper {
  readonly clock?: Clock;
  /** Those that come with Tandem when left out. */
  readonly codecs?: CodecRegistry;
  /** Seconds without a message after which the other side is asked whether it is there. */
  readonly heartbeatSeconds: number;
  /** The link stands and has been silent for so many seconds; called at every beat. After `patienceSeconds` it is given up. */
  silent?(seconds: number, patienceSeconds: number): void;
  /** Whether this side looks for another link while one is silent, and gives it up only for a better one. */
  readonly opensBeside?: boolean;
  /** The link is lost, the session is not: attach another transport, or end the session. */
  lost(why: TandemError): void;
  /** There is a link again. */
  back?(): void;
  /** The other side is about to write a checkpoint, and asks for one here. */
  askedToStore?(): void;
  /** At a server: the first message asks to resume another session, which takes over the transport. */
  resuming?(message: Message<'resume'>, transport: Transport): void;
}
