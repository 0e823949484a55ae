/** What /readyz says. */
export type RunPhase = 'ready' | 'draining' | 'finished' | 'failed';

/** Whether the server takes clients: it listens, and its run neither failed nor is about to be put away. */
export class Readiness {
  state: RunPhase = 'ready';

  get ready(): boolean {
    return this.state === 'ready' || this.state === 'finished';
  }
}
