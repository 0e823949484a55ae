import { realClock, type Clock } from '../clock.js';
import type { Life } from './line.js';
import type { LinkKeeper } from './link-keeper.js';
import { Patience } from './patience.js';

/** 128 kbit/s: slower links are taken for silent while a message is on its way that cannot be seen coming. */
const SLOW_BYTES_PER_SECOND = 16 * 1024;
/** For a first answer to a hello, without which there is nothing to go on with. */
const OPENING_SECONDS = 30;

/** The session whose link it is. */
export interface Alive {
  /** What the other side is at work on; null where it only waits. */
  owes(): string | null;
  /** Empty as long as there is none to go on with over another link. */
  readonly session: string;
  /** Whether it can be seen that part of a message has come. */
  readonly showsBytes: boolean;
}

/** What a session makes of signs of life, and of their absence. */
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

  /** Who opens other links gives one that stands up only for a better one. */
  patienceSeconds(): number {
    if (!this.keeper.opensBeside) return this.patience.seconds;
    return this.link.session === '' ? OPENING_SECONDS : Infinity;
  }
}
