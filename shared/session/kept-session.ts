import type { Cursor, Delivery } from './delivery.js';
import type { Exchange, PendingWrite } from './exchange.js';

/** A session as those see it who write checkpoints. */
export class KeptSession {
  protected constructor(protected readonly exchange: Exchange) {}

  /** What is sent waits from now on, until a write is done. */
  pauseSending(until: PendingWrite): void {
    this.exchange.pauseSending(until);
  }

  resumeSending(after: PendingWrite): void {
    this.exchange.resumeSending(after);
  }

  /** A checkpoint holds what was received up to `received`, and what the other side may ask for. */
  store(received: number): void {
    this.exchange.settling.store(received);
  }

  /** One does that lacks what was sent up to `needs`, and which may be used only if the other side has taken that. */
  storeWithout(received: number, needs: number): void {
    this.exchange.settling.storeWithout(received, needs);
    this.exchange.tellSettled();
  }

  /** Whether the newest checkpoint can be gone back to even if the other side crashes. */
  get isSafe(): boolean {
    return this.exchange.settling.isSafe;
  }

  /** The last message that was sent, and the last that the other side will not ask for again. */
  get sent(): number {
    return this.exchange.sent;
  }

  /** Whether nothing of the session has come yet, so that its client can as well begin a new one. */
  get isNew(): boolean {
    return this.exchange.received === 0;
  }

  /** What checkpoints hold of what was received, whatever happens to the other side; 0 where there are none. */
  get durable(): number {
    return this.exchange.settling.stored ?? 0;
  }

  /** As plain data, with what the reader has taken for what was received, or as of a cursor. */
  snapshot(at?: Cursor): Delivery {
    return this.exchange.snapshot(0, at);
  }

  /** The same without what the other side has taken. */
  shortSnapshot(): Delivery {
    return this.exchange.snapshot(this.exchange.settling.takenThere);
  }

  /** How many messages that one holds. */
  get shortCount(): number {
    return Math.min(this.exchange.keptCount, this.exchange.sent - this.exchange.settling.takenThere);
  }
}
