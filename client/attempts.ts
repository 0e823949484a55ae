import type { TandemError } from '../shared/errors.js';
import { pauseSeconds, usualBackoff, type BackoffOptions } from '../shared/session/backoff.js';
import type { OnLinkNews } from './link-news.js';

export interface AttemptsOptions {
  /** Seconds without a link after which the run is given up. */
  readonly patienceSeconds?: number | undefined;
  readonly backoff?: BackoffOptions | undefined;
  /** Told when a link is lost, why it cannot be opened again yet, and when it is back. */
  readonly onNews?: OnLinkNews | undefined;
  /** A number in [0, 1), for the pauses. */
  readonly random?: (() => number) | undefined;
}

/** Five minutes: a server may have to be started again. */
const PATIENCE_SECONDS = 300;

/** Backoff and patience of a series of attempts. */
export class Attempts {
  private failures = 0;
  private seconds = 0;
  private startedMs: number | undefined;
  private told = '';

  constructor(private readonly options: AttemptsOptions) {}

  get patienceSeconds(): number {
    return this.options.patienceSeconds ?? PATIENCE_SECONDS;
  }

  /** The pause before the next attempt, after the seconds that a server asked for; undefined once patience has run out. */
  pause(askedSeconds = 0): number | undefined {
    const { backoff = usualBackoff, random = Math.random } = this.options;
    const own = pauseSeconds(this.failures++, random(), backoff);
    this.seconds += own;
    return this.seconds > this.patienceSeconds ? undefined : askedSeconds + own;
  }

  begin(): void {
    this.startedMs = performance.now();
  }

  /** Counts a failed attempt with the time it took. */
  failed({ message }: TandemError, askedSeconds: number): void {
    this.seconds += askedSeconds;
    if (this.startedMs !== undefined) this.seconds += (performance.now() - this.startedMs) / 1000;
    this.startedMs = undefined;
    if (message === this.told) return;
    this.told = message;
    this.options.onNews?.({ kind: 'waiting', reason: message, patienceSeconds: this.patienceSeconds });
  }

  beginAnew(): void {
    this.failures = 0;
    this.seconds = 0;
    this.told = '';
  }
}
