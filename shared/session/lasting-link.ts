import { realClock, type Clock } from '../clock.js';
import { asTandemError, TandemError } from '../errors.js';
import { ByteMeter } from '../protocol/byte-meter.js';
import { decodeMessage, encodeMessage } from '../protocol/message-codec.js';
import type { Message, MessageName } from '../protocol/messages.js';
import type { Transport } from '../transport/transport.js';
import * as delivering from './delivery.js';
import { newDelivery, type Delivery, type Position } from './delivery.js';
import { Inbox } from './inbox.js';
import { Line, type LineOwner } from './line.js';

/** Messages that belong to a link, or to the end of a session, and are not sent again on another link. */
const unnumbered: ReadonlySet<MessageName> = new Set<MessageName>([
  ...(['hello', 'welcome', 'resume', 'resumed', 'settled', 'ping', 'pong', 'away', 'error', 'bye'] as const),
]);
/** Where nothing is written to disk: how many messages are taken before the other side is told to forget them. */
const SETTLE_EVERY = 4;
/** How many messages may wait to be read: of a client that should wait for replies; and otherwise, what is sent again included. */
const MOST_WAITING = 8;
const MOST_AGAIN = 256;

/** What a session that lasts asks of its owner. */
export interface LinkKeeper {
  readonly clock?: Clock;
  /** Seconds of silence after which the other side is asked whether it is there. */
  readonly heartbeatSeconds: number;
  /** The link is gone, the session is not: another transport is to be attached, or the session to be ended. */
  lost(): void;
  /** There is a link again. */
  back?(): void;
  /** At a server, where the first message asks for another session: the transport is now the caller's. */
  resuming?(message: Message<'resume'>, transport: Transport): void;
}

interface Arrival {
  readonly message: Message;
  /** Null for what is not numbered. */
  readonly delivery: Pick<Delivery, 'received' | 'receivedDigest'> | null;
}

/**
 * Typed messages of one session over one link after the other: the shell around shared/session/delivery.ts. Until `last` is
 * called it is a plain link, which ends with its transport.
 */
export class LastingLink implements LineOwner {
  readonly meter = new ByteMeter();
  /** At a client: the id of the session, once it has been let in. */
  session = '';
  /** Where and when the other side said it would be back. */
  away: Message<'away'> | undefined;
  private readonly inbox = new Inbox<Arrival>();
  private line: Line | undefined;
  private delivery: Delivery;
  /** What the reader has taken, which is what a checkpoint of it holds. */
  private taken: Pick<Delivery, 'received' | 'receivedDigest'>;
  private reading: Arrival | undefined;
  private lasts = false;
  private opened = false;
  /** Whether both sides of this link have said how far they are. */
  private agreed = true;
  private held = false;
  private finishing = false;
  /** Of the numbered messages, the last that this link was given. */
  private transmitted = 0;
  /** What two checkpoints hold; undefined where there are none. */
  private stored: number | undefined;
  private told = 0;

  constructor(
    private readonly keeper: LinkKeeper,
    kept: Delivery = newDelivery,
  ) {
    this.delivery = kept;
    this.taken = kept;
  }

  /** A plain link over a transport. */
  attach(transport: Transport): this {
    this.line = new Line(transport, this.meter, this).open();
    return this;
  }

  /** From here on messages are numbered and the session outlives its link. `stored` where checkpoints are written. */
  last(stored?: number): void {
    this.lasts = true;
    this.opened = true;
    this.stored = stored;
    if (this.line) this.listenForLife(this.line);
  }

  /** At a client: goes on over a new transport. */
  resume(transport: Transport): void {
    const line = this.replace(transport);
    this.agreed = false;
    line.attempt({ type: 'resume', session: this.session, ...this.ownPosition() });
    line.open();
  }

  /** At a server: goes on over the transport on which a client asked for it. */
  resumed(transport: Transport, theirs: Message<'resume'>): void {
    const before = this.line;
    const line = this.replace(transport);
    const over = new TandemError('TAKEN_OVER', 'the session goes on over another link');
    before?.close(over.close, over.code);
    line.attempt({ type: 'resumed', ...this.ownPosition() });
    this.agree(theirs);
    this.keeper.back?.();
    line.open();
  }

  send(message: Message): void {
    if (!this.lasts || unnumbered.has(message.type)) {
      if (this.line) this.line.send(message);
      else if (!this.lasts) throw new TandemError('LINK_LOST', 'the link is closed');
      return;
    }
    this.delivery = delivering.send(this.delivery, encodeMessage(message));
    this.flush(message);
  }

  /** Messages as they arrive. After each, `took` says that what it means is now part of the reader's state. */
  async *messages(): AsyncGenerator<Message, void> {
    for await (const arrival of this.inbox.items()) {
      this.reading = arrival;
      yield arrival.message;
    }
  }

  took(): void {
    if (this.reading?.delivery) this.taken = this.reading.delivery;
    this.reading = undefined;
  }

  /** Tells the other side why, and ends the session. */
  refuse(error: TandemError): void {
    const { code, message, action, step = null } = error;
    try {
      this.send({ type: 'error', code, message: message.slice(0, 1000), action: action.slice(0, 1000), step });
    } catch {
      // The link is gone or full: the close status still says why.
    }
    this.end(undefined, error.close, code);
  }

  close(): void {
    this.end();
  }

  /** Everything is said: leaves it to the other side to close when it has heard it. */
  finish(): void {
    if (this.lasts && !this.inbox.ended) this.finishing = true;
    else this.end();
  }

  /** Ends the session for its reader too. */
  end(error?: TandemError, status?: number, reason?: string): void {
    this.line?.close(status, reason);
    this.inbox.close(error);
  }

  /** What is sent now waits, until what it tells of is kept. */
  hold(): void {
    this.held = true;
  }

  release(): void {
    this.held = false;
    this.flush();
  }

  /** Closes the link without ending the session; a client that is told where and when comes back. */
  leave(seconds: number, address: string | null): void {
    this.line?.attempt({ type: 'away', seconds, address });
    this.line?.close();
  }

  /** Two checkpoints hold what was received up to this message. */
  store(number: number): void {
    this.stored = number;
  }

  /** As plain data, with what the reader has taken for what was received. */
  snapshot(): Delivery {
    return { ...this.delivery, ...this.taken, ahead: null };
  }

  arrived(message: Message, bytes: Uint8Array, line: Line): void {
    switch (message.type) {
      case 'settled':
        this.delivery = delivering.settle(this.delivery, message.number);
        break;
      case 'away':
        this.away = message;
        break;
      case 'resume':
        this.pass(message, line);
        break;
      case 'resumed':
        if (this.agreed) throw new TandemError('BAD_STATE', "'resumed' came unasked");
        this.agree(message);
        this.keeper.back?.();
        break;
      default:
        this.take(message, bytes);
    }
  }

  ended(error: TandemError | undefined, line: Line): void {
    const isLoss = error === undefined ? !this.finishing : error.code === 'LINK_LOST';
    if (this.lasts && isLoss && !this.inbox.ended) {
      line.drop();
      this.line = undefined;
      this.keeper.lost();
    } else this.inbox.close(error);
  }

  private take(message: Message, bytes: Uint8Array): void {
    if (!this.agreed && message.type !== 'error') {
      throw new TandemError('BAD_STATE', `'${message.type}' came before 'resumed'`);
    }
    this.opened = true;
    const most = this.lasts || !this.keeper.resuming ? MOST_AGAIN : MOST_WAITING;
    if (this.inbox.size >= most) {
      throw new TandemError('BAD_STATE', `more than ${most} messages were sent without waiting for replies`);
    }
    if (message.type === 'welcome' && message.grace > 0) {
      this.session = message.session;
      this.last(this.stored);
    }
    const numbered = this.lasts && !unnumbered.has(message.type);
    if (numbered) this.delivery = delivering.receive(this.delivery, bytes);
    this.inbox.put({ message, delivery: numbered ? this.delivery : null });
  }

  /** Hands the transport of a link that has not been used to the session it belongs to. */
  private pass(message: Message<'resume'>, line: Line): void {
    if (this.opened || !this.keeper.resuming) throw new TandemError('BAD_STATE', "'resume' came on a link in use");
    line.drop();
    this.line = undefined;
    this.inbox.close();
    this.keeper.resuming(message, line.transport);
  }

  private replace(transport: Transport): Line {
    this.line?.drop();
    this.line = new Line(transport, this.meter, this);
    this.away = undefined;
    this.listenForLife(this.line);
    return this.line;
  }

  private listenForLife(line: Line): void {
    line.listenForLife(this.keeper.clock ?? realClock, this.keeper.heartbeatSeconds);
  }

  private ownPosition() {
    this.told = this.settleable;
    return { ...delivering.position(this.delivery), settled: this.told };
  }

  /** Both have said how far they are: what the other side lacks is sent. */
  private agree({ settled, received, digest }: Position & { readonly settled: number }): void {
    const { delivery } = delivering.resume(this.delivery, { received, digest });
    this.delivery = delivering.settle(delivery, settled);
    this.transmitted = received;
    this.agreed = true;
    this.flush();
  }

  /** Gives the link what it has not been given yet. */
  private flush(newest?: Message): void {
    const { line } = this;
    if (!line || !this.agreed || this.held) return;
    const waiting = this.delivery.kept.filter(({ number }) => number > this.transmitted);
    if (waiting.length === 0) return;
    try {
      this.tell(line);
      for (const { number, bytes } of waiting) {
        line.sendBytes(bytes, newest && number === this.delivery.sent ? newest : decodeMessage(bytes));
        this.transmitted = number;
      }
    } catch (error) {
      // Whoever reads is told about the loss; the messages are kept.
      if (asTandemError(error).code !== 'LINK_LOST') throw error;
    }
  }

  /** Lets the other side forget what will not be asked for again. */
  private tell(line: Line): void {
    const number = this.settleable;
    if (number - this.told < (this.stored === undefined ? SETTLE_EVERY : 1)) return;
    this.told = number;
    line.send({ type: 'settled', number });
  }

  private get settleable(): number {
    return this.stored ?? this.taken.received;
  }
}
