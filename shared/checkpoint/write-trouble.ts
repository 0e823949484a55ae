import { realClock, type Clock } from '../clock.js';
import type { TandemError } from '../errors.js';

/** Between two tries where a checkpoint could not be written. */
const RETRY_SECONDS = 1;

export interface TroubleOptions {
  /** Hears once that checkpoints cannot be written, and once that they can again; the run goes on meanwhile. */
  readonly onTrouble?: ((text: string) => void) | undefined;
  readonly clock?: Clock | undefined;
}

/** Where checkpoints cannot be written for now, such as on a full disk: why, and when to try again. */
export class WriteTrouble {
  private now: TandemError | undefined;
  private cancelRetry: () => void = () => undefined;

  constructor(private readonly options: TroubleOptions) {}

  /** Undefined while all is well. */
  get error(): TandemError | undefined {
    return this.now;
  }

  /** Returns whether it can be waited out: `retry` is then called after a moment. */
  met(error: TandemError, retry: () => void): boolean {
    if (error.code !== 'CANNOT_WRITE') return false;
    const { onTrouble, clock = realClock } = this.options;
    if (this.now?.message !== error.message) {
      const meanwhile = 'training goes on as long as nothing depends on a checkpoint, then it waits';
      onTrouble?.(`${error.message}: ${error.action}; ${meanwhile} (${error.code})`);
    }
    this.now = error;
    this.cancelRetry();
    this.cancelRetry = clock.after(RETRY_SECONDS, retry);
    return true;
  }

  over(): void {
    this.cancelRetry();
    if (this.now) this.options.onTrouble?.('checkpoints are written again');
    this.now = undefined;
  }

  stop(): void {
    this.cancelRetry();
  }
}
