import { TandemError } from '../errors.js';

/** With more bytes kept for a client, it is asked to write a checkpoint, so that they can be dropped. */
const ASK_BYTES = 64 * 1024 * 1024;
/** Between two checkpoints a client may leave so many messages unsettled, however large they are. */
const LEAST_MESSAGES = 160;
/** With more messages than those and more bytes than this, the session is ended. */
const MOST_BYTES = 192 * 1024 * 1024;

/** Bounds what a server keeps for one client until the client settles it. */
export class KeptBound {
  private bytes = 0;
  private messages = 0;
  private hasAsked = false;

  /** Counts a message. Returns whether to ask the client for a checkpoint now. Throws TOO_SLOW over the bound. */
  keep(bytes: number): boolean {
    this.bytes += bytes;
    this.messages++;
    if (this.bytes > MOST_BYTES && this.messages > LEAST_MESSAGES) {
      const what = `${this.messages} answers of ${Math.round(this.bytes / 1024 / 1024)} MB are kept for a client that has not settled them`;
      throw new TandemError('TOO_SLOW', what, 'settle what was taken, or write checkpoints more often');
    }
    if (this.bytes <= ASK_BYTES || this.hasAsked) return false;
    this.hasAsked = true;
    return true;
  }

  /** Some were settled: these are left. */
  left(kept: readonly { readonly bytes: Uint8Array }[]): void {
    this.messages = kept.length;
    this.bytes = kept.reduce((sum, { bytes }) => sum + bytes.length, 0);
    if (this.bytes <= ASK_BYTES) this.hasAsked = false;
  }
}
