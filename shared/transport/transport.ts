/** Moves whole binary messages, in order, between two parties. */
export interface Transport {
  /** Hands a message over. Throws TOO_SLOW when the other side has not taken what was sent before. */
  send(bytes: Uint8Array): void;
  /** Messages as they arrive; ends when the other side closes, throws LINK_LOST when the link breaks. */
  frames(): AsyncIterable<Uint8Array>;
  /** Closes with a status in 4000-4999 or 1000; safe to call twice. */
  close(status?: number, reason?: string): void;
}
