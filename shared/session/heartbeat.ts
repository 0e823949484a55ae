import type { Clock } from '../clock.js';

export interface HeartbeatOptions {
  /** Sends a ping. */
  readonly ask: () => void;
  /** Called at every beat from the third silent one on, with the seconds of silence. */
  readonly silent: (seconds: number) => void;
  /** Takes the link for lost. */
  readonly giveUp: (seconds: number) => void;
  /** Seconds of silence after which it is given up; asked at every beat. */
  readonly patienceSeconds: () => number;
  /** Bytes received so far, where they are counted: part of a message is a sign of life, too. */
  readonly bytes?: () => number | undefined;
}

/** After so many beats without a byte the link is silent. */
const SILENT_BEATS = 3;

/**
 * Notices a link over which nothing comes any more, though nobody closed it. It counts its own beats instead of time: while this process
 * computes or sleeps there is none, so what has arrived meanwhile is read before the link is given up.
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

  /** Whether the link is silent, up to this moment. */
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
