import { asTandemError } from '../errors.js';
import type { Message } from '../protocol/messages.js';
import { SessionCodec } from '../protocol/session-codec.js';
import { Afters } from './afters.js';
import * as delivering from './delivery.js';
import type { Cursor, Delivery, Kept, Position } from './delivery.js';
import type { KeptBound } from './kept-bound.js';
import type { Line } from './line.js';
import { SETTLE_EVERY } from './numbering.js';
import { Reader } from './reader.js';
import type { CodecBook } from '../wire/codec-book.js';
import { SessionWire } from '../wire/session-wire.js';
import { Settling } from './settling.js';

/** How far a side is, as it says on a new link. */
export interface Standing extends Position {
  /** The other side need not keep what it sent up to here. */
  readonly settled: number;
}

/** What has to be written down before messages may go out: clients are told nothing that a crash could undo. */
export type PendingWrite = 'checkpoint' | 'order';

/** Where messages go. */
export type Outlet = Pick<Line, 'send' | 'sendBytes' | 'attempt' | 'hasRoom' | 'onRoom'>;

/** The numbered messages of one session: what has come, and what was sent and the present line has not been given yet. */
export class Exchange {
  readonly reader: Reader;
  readonly codec: SessionCodec;
  /** Whether both sides of the line have said how far they are. */
  agreed = true;
  private delivery: Delivery;
  private line: Outlet | undefined;
  private readonly pending = new Set<PendingWrite>();
  /** Of the numbered messages, the last that the line was given. */
  private transmitted = 0;
  /** The line that will say when it has room again. */
  private fullLine: Outlet | undefined;
  /** What the other side may forget. */
  readonly settling = new Settling();
  private told = 0;
  /** Whether the other side is still to be told what was taken. */
  private owesTaken = false;
  private afters = new Afters(0);

  constructor(
    kept: Delivery,
    /** At a server, which keeps for others. */
    private readonly bound?: KeptBound,
    codecs?: CodecBook,
  ) {
    this.delivery = kept;
    this.codec = new SessionCodec({ offered: kept.agreed, agreed: kept.agreed }, new SessionWire(kept.wire, codecs));
    this.reader = new Reader(kept, this.codec.wire);
    this.reader.hasSent(kept.sent);
  }

  /** Messages go over this line from now on. */
  use(line: Outlet): void {
    this.line = line;
  }

  /** They go over this one in the place of another, once both sides have agreed on how far they are. */
  moveTo(line: Outlet): void {
    this.line = line;
    this.afters = new Afters(this.delivery.received);
  }

  detach(): void {
    this.line = undefined;
  }

  send(message: Message): void {
    const packed = this.codec.wire.pack(message);
    const bytes = this.codec.encode(packed);
    this.delivery = delivering.send(this.delivery, bytes, this.reader.taken.received);
    this.reader.hasSent(this.delivery.sent);
    this.flush(packed);
    if (this.bound?.keep(bytes.length)) this.tellTaken();
  }

  /** A message for the reader; `bytes` of one that is numbered. `size` is what it takes up. */
  put(message: Message, bytes: Uint8Array | null, size = bytes?.length ?? 0): void {
    if (bytes) this.delivery = delivering.receive(this.delivery, bytes);
    const arrival = { message, delivery: bytes ? this.delivery : null, after: bytes ? this.afters.heard : 0 };
    this.reader.inbox.put(arrival, size);
  }

  /** What comes next follows from the first `received` that were sent. */
  follows(received: number): void {
    this.afters.heard = received;
    this.settling.tookThere(received);
  }

  /** Lets the other side forget what will not be asked for again. */
  tellSettled(): void {
    const { line } = this;
    const number = this.settleable;
    if (!line || !this.agreed || number - this.told < (this.settling.number === undefined ? SETTLE_EVERY : 1)) return;
    this.told = number;
    line.attempt({ type: 'settled', number });
  }

  /** Says how much of what the other side sent is taken here, so that a checkpoint there need not hold it. */
  tellTaken(): void {
    this.tellSettled();
    // A side that has gone back leaves aside what comes after this, so what waits here has to go first.
    this.owesTaken = this.isWaiting;
    if (this.agreed && !this.owesTaken) this.line?.attempt({ type: 'after', received: this.reader.taken.received });
  }

  /** The other side will not ask again for what is up to `number`. */
  settle(number: number): void {
    this.delivery = delivering.settle(this.delivery, number);
    this.bound?.left(this.delivery.kept);
    this.settling.settled(number);
  }

  /** Both have said how far they are: what the other side lacks is sent. */
  agree({ settled, received, digest }: Standing): void {
    const { delivery } = delivering.resume(this.delivery, { received, digest });
    this.delivery = delivering.settle(delivery, settled);
    this.bound?.left(this.delivery.kept);
    this.settling.isBackAt(received);
    this.settling.settled(settled);
    this.transmitted = received;
    this.agreed = true;
    this.flush();
  }

  /** How far this side is, which the other one is about to be told. */
  tellStanding(): Standing {
    // Whether the other side has crashed is not known yet.
    this.told = this.settling.stored ?? this.reader.taken.received;
    return { ...delivering.position(this.delivery), settled: this.told };
  }

  /** Messages are numbered and wait, until `resumeSending`. */
  pauseSending(until: PendingWrite): void {
    this.pending.add(until);
  }

  resumeSending(after: PendingWrite): void {
    this.pending.delete(after);
    this.flush();
  }

  get sent(): number {
    return this.delivery.sent;
  }

  get received(): number {
    return this.delivery.received;
  }

  /** The reader has taken the last message. Returns the cursor from before. */
  took(): Cursor {
    const before = this.cursor;
    this.reader.took();
    return before;
  }

  /** What was sent, and what the reader has taken; what the wire remembers of both. */
  private get cursor(): Cursor {
    const { sent, sentDigest } = this.delivery;
    const { received, receivedDigest } = this.reader.taken;
    return { sent, sentDigest, received, receivedDigest, wire: this.reader.wireTaken };
  }

  /** As plain data, with what the reader has taken for what was received; messages up to `lacking` are left out. `at` an earlier cursor, as of then. */
  snapshot(lacking = 0, at = this.cursor): Delivery {
    const delivery = delivering.settle(this.delivery, Math.min(lacking, this.delivery.sent));
    return { ...delivering.backTo(delivery, at), agreed: this.codec.agreed, ahead: null };
  }

  /** How many messages the other side may still ask for. */
  get keptCount(): number {
    return this.delivery.kept.length;
  }

  /** How many messages the other side has to keep, since no checkpoint holds that they were taken. */
  get unsettled(): number {
    return this.reader.taken.received - this.settleable;
  }

  private get isWaiting(): boolean {
    return (this.delivery.kept.at(-1)?.number ?? 0) > this.transmitted;
  }

  /**
   * Gives the line what it has not been given yet, as far as it has room: what is sent again may be a hundred messages, which would
   * look like a peer that does not read.
   */
  private flush(newest?: Message): void {
    const { line } = this;
    if (!line || !this.agreed || this.pending.size > 0 || !this.isWaiting) return;
    try {
      this.tellSettled();
      for (const { number, bytes, after } of this.untransmitted) {
        if (!line.hasRoom) return this.waitForRoom(line);
        if (this.afters.isNews(after)) line.send({ type: 'after', received: after });
        line.sendBytes(bytes, newest && number === this.delivery.sent ? newest : this.codec.decode(bytes));
        this.transmitted = number;
      }
      if (this.owesTaken) this.tellTaken();
    } catch (error) {
      // Whoever reads is told of the loss; the messages are kept.
      if (asTandemError(error).code !== 'LINK_LOST') throw error;
    }
  }

  private waitForRoom(line: Outlet): void {
    if (this.fullLine === line) return;
    this.fullLine = line;
    line.onRoom(() => {
      if (this.fullLine !== line) return;
      this.fullLine = undefined;
      if (this.line === line) this.flush();
    });
  }

  private get untransmitted(): readonly Kept[] {
    const { kept } = this.delivery;
    // They are numbered without gaps.
    return kept.slice(Math.max(0, this.transmitted + 1 - (kept[0]?.number ?? 0)));
  }

  get settleable(): number {
    return this.settling.number ?? this.reader.taken.received;
  }
}
