import type { Clock } from '../../shared/clock.js';

/** A clock that only moves when it is told to. */
export class HandClock implements Clock {
  private alarm: (() => void) | null = null;

  after(_seconds: number, callback: () => void): () => void {
    this.alarm = callback;
    return () => {
      if (this.alarm === callback) this.alarm = null;
    };
  }

  /** Lets the time pass that was asked for; answers whether any was. */
  pass(): boolean {
    const { alarm } = this;
    this.alarm = null;
    alarm?.();
    return alarm !== null;
  }
}
