import { asTandemError } from '../errors.js';
import type { Message } from '../protocol/messages.js';
import { SessionCodec } from '../protocol/session-codec.js';
import { CausalOrder } from './causal-order.js';
import * as delivering from './delivery.js';
import type { Cursor, Delivery, Kept, Position } from './delivery.js';
import type { KeptBound } from './kept-bound.js';
import type { Line } from './line.js';
import { SETTLE_EVERY } from './numbering.js';
import { Reader } from './reader.js';
import type { CodecRegistry } from '../wire/codec-registry.js';
import { SessionWire } from '../wire/session-wire.js';
import { Settling } from './settling.js';

/** What a side says first on a new link: how much it has received, and what it will never ask for again. */
export interface Standing extends Position {
  /** The last message that this side will never ask for again. */
  readonly settled: number;
}

/** What has to be written down before messages may go out: clients are told nothing that a crash could undo. */
export type PendingWrite = 'checkpoint' | 'order';

/** Where messages go. */
export type Outlet = Pick<Line, 'send' | 'sendBytes' | 'attempt' | 'hasRoom' | 'onRoom'>;

/** The numbered messages of one session: those received and not read yet, and those sent and not yet handed to the line. */
export class Exchange {
  readonly reader: Reader;
  readonly codec: SessionCodec;
  /** Whether both sides have exchanged their positions on this line. */
  agreed = true;
  private delivery: Delivery;
  private line: Outlet | undefined;
  private readonly pending = new Set<PendingWrite>();
  /** The last numbered message that was handed to the line. */
  private transmitted = 0;
  /** The line that calls back when its buffer has room again. */
  private fullLine: Outlet | undefined;
  /** How much the other side may forget. */
  readonly settling = new Settling();
  /** The last message that the other side was told it may forget. */
  private told = 0;
  /** Whether the other side must still be told how much the reader here has taken. */
  private owesTaken = false;
  private causal = new CausalOrder(0);

  constructor(
    kept: Delivery,
    /** At a server: how much may be kept for a client. */
    private readonly bound?: KeptBound,
    codecs?: CodecRegistry,
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

  /** Messages go over this line instead of a lost one, once both sides have exchanged their positions. */
  moveTo(line: Outlet): void {
    this.line = line;
    this.causal = new CausalOrder(this.delivery.received);
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

  /** Queues a message for the reader. `bytes` is null for one without a number; `size` is its length. */
  put(message: Message, bytes: Uint8Array | null, size = bytes?.length ?? 0): void {
    if (bytes) this.delivery = delivering.receive(this.delivery, bytes);
    const arrival = { message, delivery: bytes ? this.delivery : null, after: bytes ? this.causal.theirs : 0 };
    this.reader.inbox.put(arrival, size);
  }

  /** The other side had received `received` messages when it sent what comes next. */
  follows(received: number): void {
    this.causal.theirs = received;
    this.settling.tookThere(received);
  }

  /** Tells the other side which messages it may forget. */
  tellSettled(): void {
    const { line } = this;
    const number = this.settleable;
    if (!line || !this.agreed || number - this.told < (this.settling.number === undefined ? SETTLE_EVERY : 1)) return;
    this.told = number;
    line.attempt({ type: 'settled', number });
  }

  /** Tells the other side how many of its messages the reader here has taken, so that its checkpoint need not hold them. */
  tellTaken(): void {
    this.tellSettled();
    // The number must not overtake messages that still wait here.
    this.owesTaken = this.isWaiting;
    if (this.agreed && !this.owesTaken) this.line?.attempt({ type: 'after', received: this.reader.taken.received });
  }

  /** The other side will never ask again for messages up to `number`. */
  settle(number: number): void {
    this.delivery = delivering.settle(this.delivery, number);
    this.bound?.left(this.delivery.kept);
    this.settling.settled(number);
  }

  /** Both sides have said their positions: sends what the other one lacks. */
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

  /** This side's position, to be sent on a new line. */
  tellStanding(): Standing {
    // The other side may have crashed: only a checkpoint that needs nothing of it counts.
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

  /** The reader has taken the last message into its state. Returns the cursor from before. */
  took(): Cursor {
    const before = this.cursor;
    this.reader.took();
    return before;
  }

  /** The session's cursor: how much was sent, how much the reader has taken, and the state of codecs for both. */
  private get cursor(): Cursor {
    const { sent, sentDigest } = this.delivery;
    const { received, receivedDigest } = this.reader.taken;
    return { sent, sentDigest, received, receivedDigest, wire: this.reader.wireTaken };
  }

  /** The session as plain data at a cursor, without the messages up to `lacking`. Messages that the reader has not taken count as not received. */
  snapshot(lacking = 0, at = this.cursor): Delivery {
    const delivery = delivering.settle(this.delivery, Math.min(lacking, this.delivery.sent));
    return { ...delivering.backTo(delivery, at), agreed: this.codec.agreed, ahead: null };
  }

  /** How many messages the other side may still ask for. */
  get keptCount(): number {
    return this.delivery.kept.length;
  }

  /** How many messages the other side has to keep, because no checkpoint here has taken them yet. */
  get unsettled(): number {
    return this.reader.taken.received - this.settleable;
  }

  private get isWaiting(): boolean {
    return (this.delivery.kept.at(-1)?.number ?? 0) > this.transmitted;
  }

  /**
   * Hands waiting messages to the line as long as its buffer has room: after a lost link there may be a hundred, and all at once
   * would look like a peer that does not read.
   */
  private flush(newest?: Message): void {
    const { line } = this;
    if (!line || !this.agreed || this.pending.size > 0 || !this.isWaiting) return;
    try {
      this.tellSettled();
      for (const { number, bytes, after } of this.untransmitted) {
        if (!line.hasRoom) return this.waitForRoom(line);
        if (this.causal.mustTell(after)) line.send({ type: 'after', received: after });
        line.sendBytes(bytes, newest && number === this.delivery.sent ? newest : this.codec.decode(bytes));
        this.transmitted = number;
      }
      if (this.owesTaken) this.tellTaken();
    } catch (error) {
      // The reader learns of the lost link; the messages are kept.
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
    // Numbers have no gaps, so they give the index.
    return kept.slice(Math.max(0, this.transmitted + 1 - (kept[0]?.number ?? 0)));
  }

  get settleable(): number {
    return this.settling.number ?? this.reader.taken.received;
  }
}
