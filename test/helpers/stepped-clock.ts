import type { Clock } from '../../shared/clock.js';

/** A clock that moves when it is told to, and rings all alarms on its way in order. */
export class SteppedClock implements Clock {
  private now = 0;
  private alarms: { readonly at: number; readonly callback: () => void }[] = [];

  after(seconds: number, callback: () => void): () => void {
    const alarm = { at: this.now + seconds, callback };
    this.alarms.push(alarm);
    return () => void (this.alarms = this.alarms.filter((other) => other !== alarm));
  }

  pass(seconds: number): void {
    const until = this.now + seconds;
    for (;;) {
      const [next] = this.alarms.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at);
      if (!next) break;
      this.now = next.at;
      this.alarms = this.alarms.filter((other) => other !== next);
      next.callback();
    }
    this.now = until;
  }

  get isIdle(): boolean {
    return this.alarms.length === 0;
  }
}
