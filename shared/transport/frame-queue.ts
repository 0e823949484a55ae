import { TandemError } from '../errors.js';

/** How many messages may wait unread: a peer that keeps to its window never has more than a few. */
const MAX_WAITING = 64;

/** Turns callbacks into an async iteration of messages, for one reader. */
export class FrameQueue implements AsyncIterable<Uint8Array> {
  private readonly waiting: Uint8Array[] = [];
  private wake: (() => void) | undefined;
  private ended = false;
  private error: TandemError | undefined;

  push(frame: Uint8Array): void {
    if (this.ended) return;
    if (this.waiting.length >= MAX_WAITING) {
      this.end(new TandemError('BAD_STATE', `more than ${MAX_WAITING} messages were sent without waiting for replies`));
      return;
    }
    this.waiting.push(frame);
    this.wake?.();
  }

  end(error?: TandemError): void {
    if (this.ended) return;
    this.ended = true;
    this.error = error;
    this.wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    for (;;) {
      const frame = this.waiting.shift();
      if (frame) yield frame;
      else if (this.error) throw this.error;
      else if (this.ended) return;
      else await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }
}
