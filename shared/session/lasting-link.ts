import { realClock } from '../clock.js';
import { asTandemError, TandemError } from '../errors.js';
import { ByteMeter } from '../protocol/byte-meter.js';
import { decodeMessage, encodeMessage } from '../protocol/message-codec.js';
import type { Message } from '../protocol/messages.js';
import type { Transport } from '../transport/transport.js';
import * as delivering from './delivery.js';
import { newDelivery, type Delivery, type Position } from './delivery.js';
import { Line, type LineOwner } from './line.js';
import type { LinkKeeper } from './link-keeper.js';
import { Reader } from './reader.js';
import { MOST_AGAIN, MOST_WAITING, SETTLE_EVERY, unnumbered } from './numbering.js';

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
  private readonly reader: Reader;
  private line: Line | undefined;
  private delivery: Delivery;
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
  /** What was received when this link took the place of another, and what both have said of `after` since. */
  private resumedAt = 0;
  private toldAfter = 0;
  private heardAfter = 0;

  constructor(
    private readonly keeper: LinkKeeper,
    kept: Delivery = newDelivery,
  ) {
    this.delivery = kept;
    this.reader = new Reader(kept);
    this.reader.hasSent(kept.sent);
  }

  /** A plain link over a transport. */
  attach(transport: Transport): this {
    this.line = new Line(transport, this.meter, this).open();
    // Who may come back does so rather than wait for a welcome that does not come.
    if (!this.keeper.resuming && this.keeper.back) this.listenForLife(this.line);
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
    this.delivery = delivering.send(this.delivery, encodeMessage(message), this.reader.taken.received);
    this.reader.hasSent(this.delivery.sent);
    this.flush(message);
  }

  /** Messages as they arrive. After each, `took` says that what it means is now part of the reader's state. */
  messages(): AsyncGenerator<Message, void> {
    return this.reader.messages();
  }

  took(): void {
    this.reader.took();
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
    if (this.lasts && !this.reader.inbox.ended) this.finishing = true;
    else this.end();
  }

  /** Ends the session for its reader too. */
  end(error?: TandemError, status?: number, reason?: string): void {
    this.line?.close(status, reason);
    this.reader.close(error);
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

  /** Two checkpoints hold what was received so far. */
  store(number: number): void {
    this.stored = number;
  }

  /** Whether nothing of the session has come yet, so that its client can as well begin a new one. */
  get isNew(): boolean {
    return this.delivery.received === 0;
  }

  /** What two checkpoints hold; 0 where there are none. */
  get durable(): number {
    return this.stored ?? 0;
  }

  /** As plain data, with what the reader has taken for what was received. */
  snapshot(): Delivery {
    const { received, receivedDigest } = this.reader.taken;
    return { ...this.delivery, received, receivedDigest, ahead: null };
  }

  arrived(message: Message, bytes: Uint8Array, line: Line): void {
    switch (message.type) {
      case 'settled':
        this.delivery = delivering.settle(this.delivery, message.number);
        break;
      case 'ping':
        line.attempt({ type: 'settled', number: this.settleable });
        break;
      case 'after':
        this.heardAfter = message.received;
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
    if (this.lasts && isLoss && !this.reader.inbox.ended) {
      line.drop();
      this.line = undefined;
      this.keeper.lost();
    } else this.reader.close(error);
  }

  private take(message: Message, bytes: Uint8Array): void {
    if (!this.agreed && message.type !== 'error') {
      throw new TandemError('BAD_STATE', `'${message.type}' came before 'resumed'`);
    }
    this.opened = true;
    const most = this.lasts || !this.keeper.resuming ? MOST_AGAIN : MOST_WAITING;
    if (this.reader.inbox.size >= most) {
      throw new TandemError('BAD_STATE', `more than ${most} messages were sent without waiting for replies`);
    }
    if (message.type === 'welcome') this.welcomed(message);
    const numbered = this.lasts && !unnumbered.has(message.type);
    if (numbered) this.delivery = delivering.receive(this.delivery, bytes);
    this.reader.inbox.put({
      message,
      delivery: numbered ? this.delivery : null,
      after: numbered ? this.heardAfter : 0,
    });
  }

  private welcomed({ session, grace }: Message<'welcome'>): void {
    if (!(grace > 0)) return this.line?.stopListening();
    this.session = session;
    this.last(this.stored);
  }

  /** Hands the transport of a link that has not been used to the session it belongs to. */
  private pass(message: Message<'resume'>, line: Line): void {
    if (this.opened || !this.keeper.resuming) throw new TandemError('BAD_STATE', "'resume' came on a link in use");
    line.drop();
    this.line = undefined;
    this.reader.close();
    this.keeper.resuming(message, line.transport);
  }

  private replace(transport: Transport): Line {
    this.line?.drop();
    this.line = new Line(transport, this.meter, this);
    this.away = undefined;
    [this.resumedAt, this.toldAfter, this.heardAfter] = [this.delivery.received, 0, 0];
    this.listenForLife(this.line);
    return this.line;
  }

  private listenForLife(line: Line): void {
    line.listenForLife(this.keeper.clock ?? realClock, this.keeper.heartbeatSeconds);
  }

  private ownPosition() {
    return { ...delivering.position(this.delivery), settled: (this.told = this.settleable) };
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
    const waiting = this.delivery.kept.filter(({ number }) => number > this.transmitted);
    if (!line || !this.agreed || this.held || waiting.length === 0) return;
    try {
      this.tell(line);
      for (const { number, bytes, after } of waiting) {
        if (after > this.toldAfter && after <= this.resumedAt) {
          this.toldAfter = after;
          line.send({ type: 'after', received: after });
        }
        line.sendBytes(bytes, newest && number === this.delivery.sent ? newest : decodeMessage(bytes));
        this.transmitted = number;
      }
    } catch (error) {
      // Whoever reads is told of the loss; the messages are kept.
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
    return this.stored ?? this.reader.taken.received;
  }
}
