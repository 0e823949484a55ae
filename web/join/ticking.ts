const TICK_MS = 500;

/** Says that something goes on, and for how long, so that whoever waits sees it move. Not for a status that is read out at each change. */
export class Ticking {
  private timer: ReturnType<typeof setInterval> | undefined;

  constructor(private readonly text: HTMLElement) {}

  begin(what: string): void {
    const sinceMs = performance.now();
    const show = () => {
      this.text.textContent = `${what}, for ${Math.floor((performance.now() - sinceMs) / 1000)} s.`;
    };
    this.end();
    this.text.hidden = false;
    this.timer = setInterval(show, TICK_MS);
    show();
  }

  /** What stands there stays. */
  end(): void {
    clearInterval(this.timer);
  }
}
