import { TandemError } from '../errors.js';
import type { WireSnapshot } from '../wire/wire-state.js';
import { digestText, extend, noDigest, type Digest } from './digest.js';

/**
 * Which messages of a session went which way, on whatever link: pure functions on plain data, without sockets and clocks.
 *
 * Both sides number the messages of a session from 1, in each direction. A side keeps what it has sent until the other one says that
 * it will never ask for it again. When a new link takes the place of a lost one, each side says what it has received, and
 * gets the rest. When a side has crashed, it goes on from its checkpoint, says what that has received, gets the rest once
 * more, and computes once more what it sent: the other side has these messages, so they are not sent, only compared.
 */
export interface Delivery {
  /** The capabilities that both sides have named: what the messages may hold. */
  readonly agreed: readonly string[];
  readonly sent: number;
  readonly sentDigest: Digest;
  /** What the other side may still ask for, in order, up to `sent`. */
  readonly kept: readonly Kept[];
  /** The last message the other side will never ask for again, and the digest up to it. */
  readonly settled: number;
  readonly settledDigest: Digest;
  readonly received: number;
  readonly receivedDigest: Digest;
  /** After this side went back to a checkpoint: how much the other one had received by then. Null once as much was sent again. */
  readonly ahead: Position | null;
  /** In a checkpoint: the state of codecs; missing where there are none. */
  readonly wire?: WireSnapshot | undefined;
}

export interface Kept {
  readonly number: number;
  readonly bytes: Uint8Array;
  /** Over all messages up to this one. */
  readonly digest: Digest;
  /** How many messages had been received when it was sent. */
  readonly after: number;
}

/** The session's cursor: how many messages were sent and received, with their digests. */
export type Cursor = Pick<Delivery, 'sent' | 'sentDigest' | 'received' | 'receivedDigest' | 'wire'>;

/** How many messages a side has received, with their digest. */
export interface Position {
  readonly received: number;
  /** In hexadecimal digits. */
  readonly digest: string;
}

export const newDelivery: Delivery = {
  agreed: [],
  sent: 0,
  sentDigest: noDigest,
  kept: [],
  settled: 0,
  settledDigest: noDigest,
  received: 0,
  receivedDigest: noDigest,
  ahead: null,
};

/** Numbers and keeps a message, sent when `after` had been received. Throws CONFLICT where the other side has another message of this number. */
export function send(delivery: Delivery, bytes: Uint8Array, after: number): Delivery {
  const number = delivery.sent + 1;
  const digest = extend(delivery.sentDigest, bytes);
  const kept = [...delivery.kept, { number, bytes, digest, after }];
  const next = { ...delivery, sent: number, sentDigest: digest, kept };
  const { ahead } = delivery;
  if (!ahead || number < ahead.received) return next;
  if (digestText(digest) !== ahead.digest) throw conflict(number);
  return { ...next, ahead: null };
}

/** Counts a received message. */
export function receive(delivery: Delivery, bytes: Uint8Array): Delivery {
  const receivedDigest = extend(delivery.receivedDigest, bytes);
  return { ...delivery, received: delivery.received + 1, receivedDigest };
}

/** Drops the messages up to `number`, which the other side will never ask for again. Throws BAD_STATE for a number that was not sent. */
export function settle(delivery: Delivery, number: number): Delivery {
  const most = Math.max(delivery.sent, delivery.ahead?.received ?? 0);
  if (number > most) throw new TandemError('BAD_STATE', `message ${number} was settled, ${most} were sent`);
  const last = delivery.kept.findLast((kept) => kept.number <= number);
  if (!last) return delivery;
  const kept = delivery.kept.filter((other) => other.number > number);
  return { ...delivery, kept, settled: last.number, settledDigest: last.digest };
}

/** The delivery as it was at a cursor. What was sent since then will be computed again, and compared. */
export function backTo(delivery: Delivery, { sent, sentDigest, received, receivedDigest, wire }: Cursor): Delivery {
  const kept = delivery.kept.filter(({ number }) => number <= sent);
  const isSettled = delivery.settled >= sent;
  const { settled, settledDigest } = isSettled ? { settled: sent, settledDigest: sentDigest } : delivery;
  return { ...delivery, sent, sentDigest, kept, settled, settledDigest, received, receivedDigest, wire };
}

/**
 * On a new link: returns the messages that the other side lacks. Throws SESSION_LOST when they are no longer kept, CONFLICT when it
 * has received other messages than were sent here.
 */
export function resume(
  delivery: Delivery,
  theirs: Position,
): { readonly delivery: Delivery; readonly missing: readonly Kept[] } {
  const { sent, settled, settledDigest, kept } = delivery;
  if (theirs.received > sent) return { delivery: { ...delivery, ahead: theirs }, missing: [] };
  if (theirs.received < settled) {
    throw new TandemError('SESSION_LOST', `message ${theirs.received + 1} is no longer kept`);
  }
  const at = kept.find(({ number }) => number === theirs.received)?.digest ?? settledDigest;
  if (digestText(at) !== theirs.digest) throw conflict(theirs.received);
  return { delivery: { ...delivery, ahead: null }, missing: kept.filter(({ number }) => number > theirs.received) };
}

/** This side's position, for a new link. */
export function position({ received, receivedDigest }: Delivery): Position {
  return { received, digest: digestText(receivedDigest) };
}

function conflict(number: number): TandemError {
  return new TandemError(
    'CONFLICT',
    `the session's messages up to ${number} are not those that the other side received`,
  );
}
