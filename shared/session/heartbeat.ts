import type { Clock } from '../clock.js';

export interface HeartbeatOptions {
  /** Asks the other side for a sign of life. */
  readonly ask: () => void;
  /** Nothing has come for so many seconds: told at every beat from the third on. */
  readonly silent: (seconds: number) => void;
  /** Takes the link for lost. */
  readonly giveUp: (seconds: number) => void;
  /** Seconds of silence after which it is given up; asked at every beat. */
  readonly patienceSeconds: () => number;
  /** Bytes that have come so far, where that is known: those of a message that is not complete yet are a sign of life, too. */
  readonly bytes?: () => number | undefined;
}

/** So many beats in which nothing comes are silence. */
const SILENT_BEATS = 3;

/**
 * Notices that nothing comes any more, although nobody has closed. It counts beats and not time: while this process itself computes or
 * sleeps none goes by, so what has come meanwhile is read before anything is decided.
 */
export class Heartbeat {
  private hasHeard = false;
  private bytesBefore: number | undefined;
  private quietBeats = 0;
  private cancelLast: () => void = () => undefined;

  constructor(
    private readonly clock: Clock,
    private readonly seconds: number,
    private readonly options: HeartbeatOptions,
  ) {
    this.bytesBefore = options.bytes?.();
    this.wait();
  }

  /** A message has come. */
  hear(): void {
    this.hasHeard = true;
    this.quietBeats = 0;
  }

  /** Whether nothing has come for as long as `silent` takes, up to this moment. */
  get isSilent(): boolean {
    if (this.hasMoved()) this.quietBeats = 0;
    return this.quietBeats >= SILENT_BEATS;
  }

  stop(): void {
    this.cancelLast();
  }

  private wait(): void {
    this.cancelLast = this.clock.after(this.seconds, () => this.beat());
  }

  private beat(): void {
    const { ask, silent, giveUp, patienceSeconds } = this.options;
    this.quietBeats = this.hasMoved() || this.hasHeard ? 0 : this.quietBeats + 1;
    const isMessage = this.hasHeard;
    this.hasHeard = false;
    const seconds = this.quietBeats * this.seconds;
    if (this.quietBeats >= SILENT_BEATS && seconds >= patienceSeconds()) return giveUp(seconds);
    this.wait();
    // Also while bytes come: the other side sends a long message, and hears nothing either.
    if (!isMessage) ask();
    if (this.quietBeats >= SILENT_BEATS) silent(seconds);
  }

  private hasMoved(): boolean {
    const bytes = this.options.bytes?.();
    const moved = bytes !== this.bytesBefore;
    this.bytesBefore = bytes;
    return moved;
  }
}
