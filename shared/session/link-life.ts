import { realClock, type Clock } from '../clock.js';
import type { Life } from './line.js';
import type { LinkKeeper } from './link-keeper.js';
import { Patience } from './patience.js';

/** 128 kbit/s: where only whole messages are seen, a slower link counts as silent while a large one is on its way. */
const SLOW_BYTES_PER_SECOND = 16 * 1024;
/** How long to wait for the first reply to a hello. */
const OPENING_SECONDS = 30;

/** What `LinkLife` needs of a session. */
export interface Alive {
  /** The kind of work the other side owes a reply to; null when it owes none. */
  owes(): string | null;
  /** The session's id; empty while it could not be resumed. */
  readonly session: string;
  /** Whether bytes of incomplete messages are counted. */
  readonly showsBytes: boolean;
}

/** Decides when a silent link is reported, and when it is given up. */
export class LinkLife implements Life {
  readonly clock: Clock;
  readonly beatSeconds: number;
  private readonly patience: Patience;
  /** Bytes of the largest message that has come. */
  private largest = 0;

  constructor(
    private readonly keeper: LinkKeeper,
    private readonly link: Alive,
  ) {
    this.clock = keeper.clock ?? realClock;
    this.beatSeconds = keeper.heartbeatSeconds;
    this.patience = new Patience(() => link.owes());
  }

  heard(bytes: number): void {
    this.largest = Math.max(this.largest, bytes);
    this.patience.heard();
  }

  silent(seconds: number): void {
    this.patience.silent(seconds);
    // Where only whole messages are seen, the largest one so far may be on its way over a slow link.
    const blindSeconds = this.link.showsBytes ? 0 : this.largest / SLOW_BYTES_PER_SECOND;
    if (seconds >= blindSeconds) this.keeper.silent?.(seconds, this.patienceSeconds());
  }

  /** A side that tries another link beside a silent one gives the old one up only for a better one. */
  patienceSeconds(): number {
    if (!this.keeper.opensBeside) return this.patience.seconds;
    return this.link.session === '' ? OPENING_SECONDS : Infinity;
  }
}
