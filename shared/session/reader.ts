import type { Message } from '../protocol/messages.js';
import type { Delivery } from './delivery.js';
import type { SessionWire } from '../wire/session-wire.js';
import type { WireSnapshot, WireState } from '../wire/wire-state.js';
import { Inbox } from './inbox.js';

export interface Arrival {
  readonly message: Message;
  /** Null for a message without a number. */
  readonly delivery: Pick<Delivery, 'received' | 'receivedDigest'> | null;
  /** How many messages its sender had received. A side that went back to a checkpoint must send so many again before it reads this one. */
  readonly after: number;
}

/** Messages that have arrived, and which of them the reader has taken into its state. */
export class Reader {
  readonly inbox = new Inbox<Arrival>();
  private reading: Arrival | undefined;
  private sent = 0;
  /** The state of codecs after the last message that the reader took. */
  private takenWire: WireState;

  constructor(
    /** How much the reader has taken, which is what a checkpoint counts as received. */
    public taken: Pick<Delivery, 'received' | 'receivedDigest'>,
    private readonly wire: SessionWire,
  ) {
    this.takenWire = wire.received;
  }

  /** This side has sent so many messages by now. */
  hasSent(sent: number): void {
    this.sent = sent;
    this.inbox.stir();
  }

  /** Messages as they arrive. One that may be the reply to a message waits until that one was sent (again). */
  async *messages(): AsyncGenerator<Message, void> {
    for (;;) {
      const message = this.next();
      if (message) yield message;
      else if (!this.inbox.ended) await this.inbox.stirred();
      // The link has ended: a message that waits for something to be sent is dropped.
      else if (!this.inbox.take()) return this.inbox.throwIfBroken();
    }
  }

  /** What a checkpoint holds of the wire; undefined where nothing is coded. */
  get wireTaken(): WireSnapshot | undefined {
    const { terms, sent } = this.wire;
    return terms && { terms, sentWire: sent, receivedWire: this.takenWire };
  }

  /** The next message, unpacked; undefined while there is none, or it waits for something to be sent first. */
  next(): Message | undefined {
    const arrival = this.inbox.first;
    if (!arrival || this.sent < arrival.after) return undefined;
    this.reading = this.inbox.take();
    return this.wire.unpack(arrival.message);
  }

  /** The reader has taken the last message into its state. */
  took(): void {
    if (this.reading?.delivery) this.taken = this.reading.delivery;
    this.reading = undefined;
    this.takenWire = this.wire.received;
  }

  close(error?: Parameters<Inbox<Arrival>['close']>[0]): void {
    this.inbox.close(error);
  }
}
