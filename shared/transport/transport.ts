import { TandemError } from '../errors.js';

/** Moves whole binary messages, in order, between two parties. */
export interface Transport {
  /**
   * Hands a message over, its bytes with it: they may wait in a buffer, so the caller leaves them as they are. Throws
   * LINK_LOST after either side has closed, TOO_SLOW when the other side has not taken what was sent before.
   */
  send(bytes: Uint8Array): void;
  /**
   * Messages as they arrive, for one reader. Ends when either side closes with status 1000; throws LINK_LOST with the
   * status and reason of any other end, BAD_STATE when the other side floods.
   */
  frames(): AsyncIterable<Uint8Array>;
  /** Closes with a status in 4000-4999 or 1000; safe to call twice. */
  close(status?: number, reason?: string): void;
}

export const NORMAL_CLOSE = 1000;
/** What a WebSocket closes with when a message exceeds the other side's limit. */
const MESSAGE_TOO_BIG = 1009;

/** What a reader is told about the end of a link; nothing when it was closed in good order. */
export function closeError(status: number, reason: string): TandemError | undefined {
  if (status === NORMAL_CLOSE) return undefined;
  if (status === MESSAGE_TOO_BIG) return new TandemError('TOO_LARGE', 'the other side takes no message of this size');
  const what = reason ? `the link was closed: ${reason} (${status})` : `the link broke (${status})`;
  return new TandemError('LINK_LOST', what);
}
