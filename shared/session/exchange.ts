import { asTandemError } from '../errors.js';
import { decodeMessage, encodeMessage } from '../protocol/message-codec.js';
import type { Message } from '../protocol/messages.js';
import { Afters } from './afters.js';
import * as delivering from './delivery.js';
import type { Delivery, Position } from './delivery.js';
import type { Line } from './line.js';
import { SETTLE_EVERY } from './numbering.js';
import { Reader } from './reader.js';

/** How far a side is, as it says on a new link. */
export interface Standing extends Position {
  /** The other side need not keep what it sent up to here. */
  readonly settled: number;
}

/** What is written down before a message may be sent. */
export type Holder = 'checkpoint' | 'order';

/** The numbered messages of one session: what has come, and what was sent and the present line has not been given yet. */
export class Exchange {
  readonly reader: Reader;
  /** Whether both sides of the line have said how far they are. */
  agreed = true;
  private delivery: Delivery;
  private line: Line | undefined;
  private readonly holders = new Set<Holder>();
  /** Of the numbered messages, the last that the line was given. */
  private transmitted = 0;
  /** What two checkpoints hold; undefined where there are none. */
  private stored: number | undefined;
  private told = 0;
  private afters = new Afters(0);

  constructor(kept: Delivery) {
    this.delivery = kept;
    this.reader = new Reader(kept);
    this.reader.hasSent(kept.sent);
  }

  /** Messages go over this line from now on. */
  use(line: Line): void {
    this.line = line;
  }

  /** They go over this one in the place of another, once both sides have agreed on how far they are. */
  moveTo(line: Line): void {
    this.line = line;
    this.afters = new Afters(this.delivery.received);
  }

  detach(): void {
    this.line = undefined;
  }

  send(message: Message): void {
    this.delivery = delivering.send(this.delivery, encodeMessage(message), this.reader.taken.received);
    this.reader.hasSent(this.delivery.sent);
    this.flush(message);
  }

  /** A message for the reader; `bytes` of one that is numbered. */
  put(message: Message, bytes: Uint8Array | null): void {
    if (bytes) this.delivery = delivering.receive(this.delivery, bytes);
    this.reader.inbox.put({
      message,
      delivery: bytes ? this.delivery : null,
      after: bytes ? this.afters.heard : 0,
    });
  }

  /** What comes next follows from the first `received` that were sent. */
  follows(received: number): void {
    this.afters.heard = received;
  }

  /** The other side will not ask again for what is up to `number`. */
  settle(number: number): void {
    this.delivery = delivering.settle(this.delivery, number);
  }

  /** Both have said how far they are: what the other side lacks is sent. */
  agree({ settled, received, digest }: Standing): void {
    const { delivery } = delivering.resume(this.delivery, { received, digest });
    this.delivery = delivering.settle(delivery, settled);
    this.transmitted = received;
    this.agreed = true;
    this.flush();
  }

  /** How far this side is, which the other one is about to be told. */
  tellStanding(): Standing {
    return { ...delivering.position(this.delivery), settled: (this.told = this.settleable) };
  }

  /** What is sent now waits, until what it tells of is kept, wherever that is. */
  hold(by: Holder): void {
    this.holders.add(by);
  }

  release(by: Holder): void {
    this.holders.delete(by);
    this.flush();
  }

  /** Two checkpoints hold what was received up to `number`; undefined where there are none. */
  store(number: number | undefined): void {
    this.stored = number;
  }

  /** What two checkpoints hold; undefined where there are none. */
  get durable(): number | undefined {
    return this.stored;
  }

  get sent(): number {
    return this.delivery.sent;
  }

  get received(): number {
    return this.delivery.received;
  }

  /** As plain data, with what the reader has taken for what was received. */
  snapshot(): Delivery {
    const { received, receivedDigest } = this.reader.taken;
    return { ...this.delivery, received, receivedDigest, ahead: null };
  }

  /** Gives the line what it has not been given yet. */
  private flush(newest?: Message): void {
    const { line } = this;
    const waiting = this.delivery.kept.filter(({ number }) => number > this.transmitted);
    if (!line || !this.agreed || this.holders.size > 0 || waiting.length === 0) return;
    try {
      this.tellSettled(line);
      for (const { number, bytes, after } of waiting) {
        if (this.afters.isNews(after)) line.send({ type: 'after', received: after });
        line.sendBytes(bytes, newest && number === this.delivery.sent ? newest : decodeMessage(bytes));
        this.transmitted = number;
      }
    } catch (error) {
      // Whoever reads is told of the loss; the messages are kept.
      if (asTandemError(error).code !== 'LINK_LOST') throw error;
    }
  }

  /** Lets the other side forget what will not be asked for again. */
  private tellSettled(line: Line): void {
    const number = this.settleable;
    if (number - this.told < (this.stored === undefined ? SETTLE_EVERY : 1)) return;
    this.told = number;
    line.send({ type: 'settled', number });
  }

  get settleable(): number {
    return this.stored ?? this.reader.taken.received;
  }
}
