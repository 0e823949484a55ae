/** Adds up the time of what is between `start` and `stop`; safe to start or stop twice. */
export class Stopwatch {
  private totalMs: number;
  private sinceMs: number | null = null;

  constructor(seconds = 0) {
    this.totalMs = seconds * 1000;
  }

  start(): void {
    this.sinceMs ??= performance.now();
  }

  stop(): void {
    if (this.sinceMs !== null) this.totalMs += performance.now() - this.sinceMs;
    this.sinceMs = null;
  }

  get seconds(): number {
    const running = this.sinceMs === null ? 0 : performance.now() - this.sinceMs;
    return (this.totalMs + running) / 1000;
  }
}
