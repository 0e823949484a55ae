/** What /readyz says. */
export type RunPhase = 'ready' | 'draining' | 'finished' | 'failed';

/** Whether the server takes clients: it listens, and its run neither failed nor is about to be put away. */
export class Readiness {
  private now: RunPhase = 'ready';

  get state(): RunPhase {
    return this.now;
  }

  get ready(): boolean {
    return this.now === 'ready' || this.now === 'finished';
  }

  /** The first end counts: a run that is cancelled because its server stops has not failed. */
  become(state: Exclude<RunPhase, 'ready'>): void {
    if (this.now === 'ready') this.now = state;
  }
}
