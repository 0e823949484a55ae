import type { JoinStep } from '../../participate.js';
import type { Progress } from './calls.js';

const EVERY_MS = 100;

/** Gathers steps into a few reports a second, so that a page has little to do however fast its worker is. */
export class ProgressReport {
  private readonly startedMs = performance.now();
  private sentMs = -Infinity;
  /** Since this page began, for the rate. */
  private samples = 0;
  private losses: number[] = [];
  private last: JoinStep | undefined;

  constructor(private readonly send: (progress: Progress) => void) {}

  add(step: JoinStep): void {
    this.last = step;
    this.samples += step.samples;
    this.losses.push(step.loss);
    if (performance.now() - this.sentMs >= EVERY_MS) this.flush();
  }

  /** Sends what has not been sent. */
  flush(): void {
    if (!this.last || this.losses.length === 0) return;
    this.sentMs = performance.now();
    const { run, client, step, seen, sent, received } = this.last;
    const seconds = (this.sentMs - this.startedMs) / 1000;
    const { samples, losses } = this;
    this.losses = [];
    this.send({
      run,
      client,
      step,
      losses,
      samples: seen,
      seconds,
      samplesPerSecond: samples / seconds,
      sent,
      received,
    });
  }
}
