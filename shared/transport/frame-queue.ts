import type { TandemError } from '../errors.js';

/** Turns callbacks into an async iteration of messages, for one reader. */
export class FrameQueue implements AsyncIterable<Uint8Array> {
  private readonly waiting: Uint8Array[] = [];
  private wake: (() => void) | undefined;
  private ended = false;
  private error: TandemError | undefined;

  /** `changed` is called with the number of waiting messages, to pause and resume reading. */
  constructor(private readonly changed: (waiting: number) => void = () => undefined) {}

  push(frame: Uint8Array): void {
    if (this.ended) return;
    this.waiting.push(frame);
    this.changed(this.waiting.length);
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
      if (frame) {
        this.changed(this.waiting.length);
        yield frame;
      } else if (this.error) throw this.error;
      else if (this.ended) return;
      else await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }
}
