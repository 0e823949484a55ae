import type { Clock } from '../clock.js';
import { TandemError } from '../errors.js';
import { RoomCalls } from './room-calls.js';

export interface SendBufferOptions {
  readonly clock: Clock;
  /** There is room while fewer bytes than this wait. */
  readonly roomBytes: number;
  /** How long the other side may take none of the waiting bytes. */
  readonly slowSeconds: number;
  /** Called when that is over. */
  readonly tooSlow: (error: TandemError) => void;
}

/** How often a browser's socket is polled, since it does not say when its buffer drains. */
const LOOK_SECONDS = 0.01;
const PROGRESS_SECONDS = 1;

/** Backpressure of a socket: whether there is room for more bytes, and whether the other side takes any of those that wait. */
export class SendBuffer {
  private readonly calls = new RoomCalls();
  /** Where each waiting message ends, counted in all bytes given. */
  private readonly ends: number[] = [];
  private given = 0;
  private mostTaken = 0;
  private idleSeconds = 0;
  private stopLooking: (() => void) | undefined;
  private stopChecking: (() => void) | undefined;
  private over = false;
  /** How long the other side may compute without reading. */
  private patience: () => number = () => 0;

  constructor(
    /** Bytes that wait now. */
    private readonly waiting: () => number,
    private readonly options: SendBufferOptions,
  ) {}

  get hasRoom(): boolean {
    return this.waiting() < this.options.roomBytes;
  }

  /** Calls back once, when there is room or nothing can be sent any more. */
  onRoom(callback: () => void): void {
    this.calls.add(callback);
    if (this.over) queueMicrotask(() => this.calls.make());
    else this.lookSoon();
  }

  /** The other side may compute for so long without reading. */
  bearWith(seconds: () => number): void {
    this.patience = seconds;
  }

  /** The socket was given so many bytes. */
  gave(bytes: number): void {
    this.given += bytes;
    this.ends.push(this.given);
    if (this.waiting() === 0) this.ends.length = 0;
    else this.checkProgress();
  }

  /** Checks for room. */
  look(): void {
    if (this.calls.areAny && this.hasRoom) this.calls.make();
  }

  /** Nothing can be sent any more. */
  end(): void {
    this.over = true;
    this.stopLooking?.();
    this.stopChecking?.();
    this.calls.make();
  }

  private lookSoon(): void {
    this.stopLooking ??= this.options.clock.after(LOOK_SECONDS, () => {
      this.stopLooking = undefined;
      this.look();
      if (this.calls.areAny && !this.over) this.lookSoon();
    });
  }

  private checkProgress(): void {
    this.stopChecking ??= this.options.clock.after(PROGRESS_SECONDS, () => {
      this.stopChecking = undefined;
      this.seeProgress();
    });
  }

  private seeProgress(): void {
    const waiting = this.waiting();
    const taken = this.given - waiting;
    while (this.ends[0] !== undefined && this.ends[0] <= taken) this.ends.shift();
    if (waiting === 0) {
      this.idleSeconds = 0;
      return;
    }
    this.idleSeconds = taken > this.mostTaken ? 0 : this.idleSeconds + PROGRESS_SECONDS;
    this.mostTaken = Math.max(taken, this.mostTaken);
    const { tooSlow } = this.options;
    const slowSeconds = Math.max(this.options.slowSeconds, this.patience());
    if (this.idleSeconds < slowSeconds) return this.checkProgress();
    const messages = this.ends.length === 1 ? '1 message' : `${this.ends.length} messages`;
    tooSlow(
      new TandemError('TOO_SLOW', `${messages}, ${size(waiting)} waited for ${slowSeconds} s and none of it was taken`),
    );
  }
}

/** Bytes in the unit that a person would choose. */
function size(bytes: number): string {
  if (bytes < 1_000) return `${bytes} bytes`;
  return bytes < 1_000_000 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
