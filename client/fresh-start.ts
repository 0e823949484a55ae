import type { TandemError } from '../shared/errors.js';
import type { Transport } from '../shared/transport/transport.js';
import { Attempts } from './attempts.js';
import { connectAgain, type ReconnectOptions } from './reconnect.js';

/** How often a client asks for its place while its own lost link may hold it; the server makes way after 15 seconds. */
const HELD_SECONDS = 2;

/** What of a session tells whether a new one can take its place. */
export interface LostSession {
  /** Whether it was let in. */
  readonly isWelcome: boolean;
  /** Whether the session ended before any work, so that a new one loses nothing. */
  canStartOver(why: TandemError): boolean;
}

/** Joins as if for the first time, where a session was lost before any work. */
export class FreshStart {
  private readonly attempts: Attempts;
  private hasBegun = false;

  constructor(
    private readonly options: ReconnectOptions,
    private readonly leave: AbortSignal | undefined,
  ) {
    this.attempts = new Attempts(options);
  }

  /** Opens the link of the next session, after a pause; undefined where a new one is no remedy. */
  after(why: TandemError, lost: LostSession): (() => Promise<Transport>) | undefined {
    // Its hello came, its welcome did not: the place is held by its own link, whose end the server has not noticed.
    const isHeld = this.hasBegun && why.code === 'RUN_FULL' && !lost.isWelcome;
    if (!isHeld && !lost.canStartOver(why)) return undefined;
    this.hasBegun = true;
    if (lost.isWelcome) this.attempts.beginAnew();
    if (isHeld) this.attempts.failed(why, HELD_SECONDS);
    const pause = this.attempts.pause(isHeld ? HELD_SECONDS : 0);
    return pause === undefined ? undefined : () => connectAgain(this.options, this.leave, this.attempts, pause);
  }

  /** Opens a link for an older state of the session. */
  atOnce(): () => Promise<Transport> {
    return () => connectAgain(this.options, this.leave);
  }
}
