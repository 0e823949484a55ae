import type { Clock } from '../clock.js';

/** Notices that nothing comes any more, although nobody has closed: asks after so many seconds of silence, gives up after as many again. */
export class Heartbeat {
  private heard = true;
  private asked = false;
  private cancelLast: () => void = () => undefined;

  constructor(
    private readonly clock: Clock,
    private readonly seconds: number,
    private readonly handlers: { readonly ask: () => void; readonly giveUp: () => void },
  ) {
    this.wait();
  }

  /** Something has come. */
  hear(): void {
    this.heard = true;
  }

  stop(): void {
    this.cancelLast();
  }

  private wait(): void {
    this.cancelLast = this.clock.after(this.seconds, () => this.check());
  }

  private check(): void {
    if (!this.heard && this.asked) {
      this.handlers.giveUp();
      return;
    }
    this.asked = !this.heard;
    this.heard = false;
    this.wait();
    if (this.asked) this.handlers.ask();
  }
}
