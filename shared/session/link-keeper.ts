import type { Clock } from '../clock.js';
import type { TandemError } from '../errors.js';
import type { Message } from '../protocol/messages.js';
import type { CodecBook } from '../wire/codec-book.js';
import type { Transport } from '../transport/transport.js';

/** What a session that lasts asks of its owner. */
export interface LinkKeeper {
  readonly clock?: Clock;
  /** Those that come with Tandem when left out. */
  readonly codecs?: CodecBook;
  /** Seconds without a message after which the other side is asked whether it is there. */
  readonly heartbeatSeconds: number;
  /** Nothing has come for so many seconds, though the link stands: told again and again. After `patienceSeconds` it is given up. */
  silent?(seconds: number, patienceSeconds: number): void;
  /** Whether this side looks for another link while one is silent, and gives it up only for a better one. */
  readonly opensBeside?: boolean;
  /** The link is gone, and why, the session is not: another transport is to be attached, or the session to be ended. */
  lost(why: TandemError): void;
  /** There is a link again. */
  back?(): void;
  /** The other side is about to write a checkpoint, and asks for one here. */
  askedToStore?(): void;
  /** At a server, where the first message asks for another session: the transport is now the caller's. */
  resuming?(message: Message<'resume'>, transport: Transport): void;
}
