import { Deferred } from '../../../shared/deferred.js';

/** Closed while the person has paused: no step begins, the link stays. */
export class PauseGate {
  private closed: Deferred<void> | undefined;

  set(isClosed: boolean): void {
    if (isClosed) this.closed ??= new Deferred();
    else {
      this.closed?.resolve();
      this.closed = undefined;
    }
  }

  /** Waits until it is open, or nobody wants to go on any more. */
  async opened(givenUp: AbortSignal): Promise<void> {
    if (!this.closed || givenUp.aborted) return;
    const up = new Promise<void>((resolve) => givenUp.addEventListener('abort', () => resolve(), { once: true }));
    await Promise.race([this.closed.promise, up]);
  }
}
