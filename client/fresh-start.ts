import type { TandemError } from '../shared/errors.js';
import type { Transport } from '../shared/transport/transport.js';
import { connectAgain, type ReconnectOptions } from './reconnect.js';

/** How often, and how many times, a client asks for its place while its own lost link may hold it; the server makes way after 15 seconds. */
const ASK_SECONDS = 2;
const MOST_ASKS = 10;

/** What of a session tells whether a new one can take its place. */
export interface LostSession {
  /** Whether its welcome came, with the id of a session. */
  readonly isWelcome: boolean;
  /** Whether the session ended before any work, so that a new one loses nothing. */
  canStartOver(why: TandemError): boolean;
}

export interface FreshStartOptions {
  readonly leave: AbortSignal | undefined;
  /** Whether the client says which place is its own. One that does not is never given that of another client who is slow. */
  readonly namesPlace: boolean;
}

/** Joins as if for the first time, where a session was lost before any work. */
export class FreshStart {
  private mayHoldPlace = false;
  private asks = 0;

  constructor(
    private readonly reconnect: ReconnectOptions,
    private readonly options: FreshStartOptions,
  ) {}

  /** Opens the link of the next session, after a pause; undefined where a new one is no remedy. */
  after(why: TandemError, lost: LostSession): (() => Promise<Transport>) | undefined {
    if (lost.canStartOver(why)) {
      // Its hello may have come where its welcome did not: until the server notices the end of that link, it holds the place.
      this.mayHoldPlace = this.options.namesPlace && !lost.isWelcome;
      this.asks = 0;
      return this.atOnce();
    }
    if (!this.mayHoldPlace || why.code !== 'RUN_FULL' || this.asks === MOST_ASKS) return undefined;
    if (this.asks === 0) {
      const patienceSeconds = ASK_SECONDS * MOST_ASKS;
      this.reconnect.onNews?.({ kind: 'waiting', reason: why.message, patienceSeconds });
    }
    this.asks++;
    return () => connectAgain(this.reconnect, this.options.leave, ASK_SECONDS);
  }

  /** Opens a link after the shortest pause. */
  atOnce(): () => Promise<Transport> {
    return () => connectAgain(this.reconnect, this.options.leave);
  }
}
