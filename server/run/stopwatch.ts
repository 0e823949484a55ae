/** Adds up the time of what is between `start` and `stop`; safe to start or stop twice. */
export class Stopwatch {
  private totalMs = 0;
  private sinceMs: number | null = null;

  start(): void {
    this.sinceMs ??= performance.now();
  }

  stop(): void {
    if (this.sinceMs !== null) this.totalMs += performance.now() - this.sinceMs;
    this.sinceMs = null;
  }

  get seconds(): number {
    return this.totalMs / 1000;
  }
}
