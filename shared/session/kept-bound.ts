import { TandemError } from '../errors.js';

/** Of what a client may still ask for again: from here on it is asked to write down what it has taken, after which it need not. */
const ASK_BYTES = 64 * 1024 * 1024;
/** A client that writes checkpoints has up to so many answers in memory between two of them. */
const LEAST_MESSAGES = 160;
/** With those and as many bytes, it is not going to. */
const MOST_BYTES = 192 * 1024 * 1024;

/** What a server keeps of a session whose client does not say that it may be forgotten. */
export class KeptBound {
  private bytes = 0;
  private messages = 0;
  private hasAsked = false;

  /** A message is kept. Returns whether to ask the client to write down what it has taken. Throws TOO_SLOW over the bound. */
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

  /** So much is left. */
  left(kept: readonly { readonly bytes: Uint8Array }[]): void {
    this.messages = kept.length;
    this.bytes = kept.reduce((sum, { bytes }) => sum + bytes.length, 0);
    if (this.bytes <= ASK_BYTES) this.hasAsked = false;
  }
}
