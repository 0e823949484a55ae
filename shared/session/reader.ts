import type { Message } from '../protocol/messages.js';
import type { Delivery } from './delivery.js';
import type { SessionWire } from '../wire/session-wire.js';
import type { WireSnapshot, WireState } from '../wire/wire-state.js';
import { Inbox } from './inbox.js';

export interface Arrival {
  readonly message: Message;
  /** Null for what is not numbered. */
  readonly delivery: Pick<Delivery, 'received' | 'receivedDigest'> | null;
  /** How many messages its sender had received: who has sent fewer so far is not ready for it. */
  readonly after: number;
}

/** What has arrived, on its way into the state of who reads it. */
export class Reader {
  readonly inbox = new Inbox<Arrival>();
  private reading: Arrival | undefined;
  private sent = 0;
  /** What the wire remembers of what the reader has taken. */
  private takenWire: WireState;

  constructor(
    /** What the reader has taken, which is what a checkpoint of it holds. */
    public taken: Pick<Delivery, 'received' | 'receivedDigest'>,
    private readonly wire: SessionWire,
  ) {
    this.takenWire = wire.received;
  }

  /** So many messages were sent. */
  hasSent(sent: number): void {
    this.sent = sent;
    this.inbox.stir();
  }

  /** Messages as they arrive, each when what it may be the answer to has been sent. */
  async *messages(): AsyncGenerator<Message, void> {
    for (;;) {
      const message = this.next();
      if (message) yield message;
      else if (!this.inbox.ended) await this.inbox.stirred();
      // What follows from something that will not be sent any more is left aside.
      else if (!this.inbox.take()) return this.inbox.throwIfBroken();
    }
  }

  /** What a checkpoint holds of the wire; undefined where nothing is coded. */
  get wireTaken(): WireSnapshot | undefined {
    const { terms, sent } = this.wire;
    return terms && { terms, sentWire: sent, receivedWire: this.takenWire };
  }

  /** The next message, opened; undefined as long as there is none, or it follows from something that is yet to be sent. */
  next(): Message | undefined {
    const arrival = this.inbox.first;
    if (!arrival || this.sent < arrival.after) return undefined;
    this.reading = this.inbox.take();
    return this.wire.open(arrival.message);
  }

  /** What the last message means is now part of the reader's state. */
  took(): void {
    if (this.reading?.delivery) this.taken = this.reading.delivery;
    this.reading = undefined;
    this.takenWire = this.wire.received;
  }

  close(error?: Parameters<Inbox<Arrival>['close']>[0]): void {
    this.inbox.close(error);
  }
}
