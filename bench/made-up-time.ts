/** Turns of the event loop in which nothing is heard of anybody, after which all wait. */
const STILL_TURNS = 40;

/** Time that passes only while everybody waits: how busy the machine is does not show in it. */
export class MadeUpTime {
  nowMs = 0;
  private waiting: { readonly atMs: number; readonly wake: () => void }[] = [];
  private isRunning = false;

  /** Resolves when so many milliseconds have passed. */
  wait(ms: number): Promise<void> {
    return new Promise((wake) => {
      this.waiting.push({ atMs: this.nowMs + ms, wake });
      if (!this.isRunning) void this.run();
    });
  }

  private async run(): Promise<void> {
    this.isRunning = true;
    while (this.waiting.length > 0) {
      for (let turn = 0, before = this.waiting.length; turn < STILL_TURNS; turn++) {
        await new Promise((resolve) => setImmediate(resolve));
        if (this.waiting.length !== before) [turn, before] = [0, this.waiting.length];
      }
      this.nowMs = Math.min(...this.waiting.map(({ atMs }) => atMs));
      const due = this.waiting.filter(({ atMs }) => atMs <= this.nowMs);
      this.waiting = this.waiting.filter(({ atMs }) => atMs > this.nowMs);
      due.forEach(({ wake }) => wake());
    }
    this.isRunning = false;
  }
}
