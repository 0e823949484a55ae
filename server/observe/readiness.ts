/** What /readyz says. */
export type RunPhase = 'ready' | 'draining' | 'finished' | 'failed';

/** Whether the server takes clients: it listens, and its run neither failed nor is about to be put away. */
export class Readiness {
  private now: RunPhase = 'ready';
  private hindrance: string | null = null;

  /** A word, and why nobody new can come in where that is so. */
  get state(): string {
    return this.hindrance === null ? this.now : `not ready: ${this.hindrance}`;
  }

  get ready(): boolean {
    return this.hindrance === null && this.isUp;
  }

  /** Something keeps newcomers out for now; null when it is over. */
  hinder(why: string | null): void {
    this.hindrance = why;
  }

  private get isUp(): boolean {
    return this.now === 'ready' || this.now === 'finished';
  }

  /** The first end counts: a run that is cancelled because its server stops has not failed. */
  become(state: Exclude<RunPhase, 'ready'>): void {
    if (this.now === 'ready') this.now = state;
  }
}
