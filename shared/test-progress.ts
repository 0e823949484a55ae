/** How far a test of a model is. */
export interface TestProgress {
  readonly done: number;
  readonly total: number;
  /** Seconds that the rest will take at the rate so far; null before the first batch. */
  readonly secondsLeft: number | null;
  /** Bytes of all messages of the client by then. */
  readonly bytes?: { readonly sent: number; readonly received: number };
}

/** Counts the samples of one test after the other, and says how long the rest will take. */
export class TestTimer {
  private startedMs = 0;
  private done = 0;
  private total = 0;

  constructor(private readonly nowMs: () => number = () => performance.now()) {}

  begin(total: number): void {
    this.total = total;
    this.done = 0;
    this.startedMs = this.nowMs();
  }

  add(samples: number): TestProgress {
    this.done = Math.min(this.total, this.done + samples);
    const { done, total } = this;
    const seconds = (this.nowMs() - this.startedMs) / 1000;
    return { done, total, secondsLeft: done > 0 ? (seconds / done) * (total - done) : null };
  }
}

/** For people: `testing: 640 of 10,000 samples, about 42 s left`. */
export function testLine({ done, total, secondsLeft }: TestProgress): string {
  const rest = secondsLeft === null || done >= total ? '' : `, about ${Math.ceil(secondsLeft)} s left`;
  return `testing: ${done.toLocaleString('en')} of ${total.toLocaleString('en')} samples${rest}`;
}
