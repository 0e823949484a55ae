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

  /** A checkpoint was written: it had received `received` messages, and holds every message the other side can ask for. */
  store(received: number): void {
    this.exchange.settling.store(received);
  }

  /** A checkpoint was written without the messages sent up to `needs`: it is valid only as long as the other side has them. */
  storeWithout(received: number, needs: number): void {
    this.exchange.settling.storeWithout(received, needs);
    this.exchange.tellSettled();
  }

  /** Whether the newest checkpoint stays valid even if the other side crashes. */
  get isSafe(): boolean {
    return this.exchange.settling.isSafe;
  }

  /** How many messages were sent. */
  get sent(): number {
    return this.exchange.sent;
  }

  /** Whether nothing was received yet, so that the client may as well begin a new session. */
  get isNew(): boolean {
    return this.exchange.received === 0;
  }

  /** How much a checkpoint has received that stays valid even if the other side crashes; 0 without checkpoints. */
  get durable(): number {
    return this.exchange.settling.stored ?? 0;
  }

  /** The session as plain data, now or at an earlier cursor. */
  snapshot(at?: Cursor): Delivery {
    return this.exchange.snapshot(0, at);
  }

  /** The same without the messages that the other side has taken. */
  shortSnapshot(): Delivery {
    return this.exchange.snapshot(this.exchange.settling.takenThere);
  }

  /** How many messages `shortSnapshot` holds. */
  get shortCount(): number {
    return Math.min(this.exchange.keptCount, this.exchange.sent - this.exchange.settling.takenThere);
  }
}
