import { isRefusalCode, TandemError } from '../errors.js';

/** Moves whole binary messages, in order, between two parties. */
export interface Transport {
  /**
   * Hands a message over, its bytes with it: they may wait in a buffer, so the caller leaves them as they are. Throws
   * LINK_LOST after either side has closed, TOO_SLOW when far more waits than `hasRoom` allows.
   */
  send(bytes: Uint8Array): void;
  /** Whether the send buffer has room for another message. A sender that waits for it is never cut as too slow. */
  readonly hasRoom: boolean;
  /** Calls back once, when there may be room again, or when the link has ended. */
  onRoom(callback: () => void): void;
  /**
   * Messages as they arrive, for one reader; unread messages make the other side wait. The bytes of a message are the reader's from then on, and
   * nobody changes them. Ends when either side closes
   * with status 1000; throws TOO_SLOW when this side has cut the other one, LINK_LOST with the status and reason of any
   * other end.
   */
  frames(): AsyncIterable<Uint8Array>;
  /** Bytes received so far, incomplete messages included; undefined where they are not counted. */
  readonly bytesRead?: number | undefined;
  /**
   * Tells how long the other side may read nothing because it computes, where that is longer than usual. Transports without such a limit
   * leave it out.
   */
  bearWith?(seconds: () => number): void;
  /** Closes with a status in 4000-4999 or 1000; safe to call twice. */
  close(status?: number, reason?: string): void;
}

export const NORMAL_CLOSE = 1000;
/** A WebSocket's close status for a message over the other side's limit. */
const MESSAGE_TOO_BIG = 1009;
/** What fits into a WebSocket's close frame. */
const MOST_REASON_BYTES = 123;

/** The error for a close status and reason; undefined for a normal close. */
export function closeError(status: number, reason: string): TandemError | undefined {
  if (status === NORMAL_CLOSE) return undefined;
  if (status === MESSAGE_TOO_BIG) return new TandemError('TOO_LARGE', 'the other side takes no message of this size');
  const [, code = '', why = ''] = /^([A-Z_]+): (.*)$/s.exec(reason) ?? [];
  if (isRefusalCode(code)) {
    return new TandemError('LINK_LOST', `the other side cut the link: ${why} (${code}, ${status})`);
  }
  const what = reason ? `the link was closed: ${reason} (${status})` : `the link broke (${status})`;
  return new TandemError('LINK_LOST', what);
}

/** The reason of a close frame, for `closeError` at the other side. */
export function closeReason({ code, message }: TandemError): string {
  const encoded = new TextEncoder().encode(`${code}: ${message}`);
  if (encoded.length <= MOST_REASON_BYTES) return `${code}: ${message}`;
  // A character that does not fit whole is left out.
  return new TextDecoder().decode(encoded.subarray(0, MOST_REASON_BYTES - 3)).replace(/\uFFFD+$/, '') + '...';
}
