import { TandemError } from '../errors.js';
import type { LinkChange } from '../events.js';
import { ByteMeter } from '../protocol/byte-meter.js';
import type { Message } from '../protocol/messages.js';
import { refusalMessage } from '../protocol/refusal-message.js';
import type { SessionCodec } from '../protocol/session-codec.js';
import type { Transport } from '../transport/transport.js';
import { newDelivery, type Cursor, type Delivery } from './delivery.js';
import { Exchange, type Standing } from './exchange.js';
import { KeptSession } from './kept-session.js';
import { KeptBound } from './kept-bound.js';
import { Line, losses, type LineOwner } from './line.js';
import type { LinkKeeper } from './link-keeper.js';
import { LinkLife } from './link-life.js';
import { unnumbered } from './numbering.js';
import { Unread } from './unread.js';

/** Typed messages of one session over one link after the other. Until `last` is called it is a plain link, which ends with its transport. */
export class LastingLink extends KeptSession implements LineOwner {
  readonly meter: ByteMeter;
  /** At a client: the id of the session, once it has been let in. */
  session = '';
  /** At a client: for how many seconds the server keeps the session of who has lost its link. */
  graceSeconds = 0;
  /** Where and when the other side said it would be back. */
  away: Message<'away'> | undefined;
  readonly codec: SessionCodec;
  private readonly unread: Unread;
  private line: Line | undefined;
  /** What the other side is at work on, in a word, where it may be silent for that; null where it only waits. */
  owes: () => string | null = () => null;
  /** Told what becomes of the link while the session goes on. */
  onChange: (change: LinkChange) => void = () => undefined;
  private readonly life: LinkLife;
  /** What is said over each new link, once this side has gone for good; and who waits for the end. */
  private parting: { readonly word: Message; readonly done: () => void } | undefined;
  private isOver = false;
  private lasts = false;
  private opened = false;
  /** Once this side waits for nothing but the end: whether it has said everything, or heard everything. */
  private done: 'said' | 'heard' | undefined;

  constructor(
    private readonly keeper: LinkKeeper,
    kept: Delivery = newDelivery,
  ) {
    super(new Exchange(kept, keeper.resuming && new KeptBound(), keeper.codecs));
    this.codec = this.exchange.codec;
    this.meter = new ByteMeter(this.codec.wire);
    this.life = new LinkLife(keeper, this);
    this.unread = new Unread(this.exchange.reader.inbox, keeper.resuming !== undefined);
  }

  /** A plain link over a transport. */
  attach(transport: Transport): this {
    this.line = new Line(transport, this.codec, this.meter, this).open();
    this.exchange.use(this.line);
    // Who may come back does so rather than wait for a welcome that does not come.
    if (!this.keeper.resuming && this.keeper.back) this.line.listenForLife(this.life);
    return this;
  }

  /** From here on messages are numbered and the session outlives its link. `stored` where checkpoints are written. */
  last(stored?: number): void {
    this.lasts = true;
    this.opened = true;
    this.exchange.settling.store(stored);
    if (this.line) this.line.listenForLife(this.life);
  }

  /** At a client: goes on over a new transport. */
  resume(transport: Transport): void {
    const line = this.replace(transport);
    this.exchange.agreed = false;
    line.attempt({ type: 'resume', session: this.session, ...this.exchange.tellStanding() });
    line.open();
  }

  /** At a server: goes on over the transport on which a client asked for it. */
  resumed(transport: Transport, theirs: Message<'resume'>): void {
    const before = this.line;
    const line = this.replace(transport);
    const over = new TandemError('TAKEN_OVER', 'the session goes on over another link');
    before?.close(over.close, over.code);
    line.attempt({ type: 'resumed', ...this.exchange.tellStanding() });
    this.agree(theirs);
    this.keeper.back?.();
    line.open();
  }

  send(message: Message): void {
    // After the last word nothing is said.
    if (this.parting) return;
    if (!this.lasts || unnumbered.has(message.type)) {
      if (this.line) this.line.send(message);
      else if (!this.lasts) throw new TandemError('LINK_LOST', 'the link is closed');
      return;
    }
    this.exchange.send(message);
  }

  /** Messages as they arrive. After each, `took` says that what it means is now part of the reader's state. */
  async *messages(): AsyncGenerator<Message, void> {
    for await (const message of this.exchange.reader.messages()) {
      yield message;
      // A server listens no further to who does not take its answers; a client always reads, so they never wait for each other.
      if (this.keeper.resuming) await this.line?.room();
    }
  }

  /** What a message may hold once it is opened. */
  limitUnpacked(bytes: number): void {
    this.codec.wire.mostBytes = bytes;
  }

  took(): Cursor {
    return this.exchange.took();
  }

  /** Tells the other side why, and ends the session. */
  refuse(error: TandemError): void {
    try {
      this.send(refusalMessage(error));
    } catch {
      // The link is gone or full: the close status still says why.
    }
    this.end(undefined, error.close, error.code);
  }

  /**
   * Goes for good: says the last word, over the next link too where this one is lost, until the other side ends the session. Until then it may ask once more
   * for what was sent. Nothing more is heard; the reader is told `why`. Resolves at the end.
   */
  part(word: Message, why: TandemError): Promise<void> {
    if (this.isOver) return Promise.resolve();
    this.exchange.reader.close(why);
    if (this.exchange.agreed) this.line?.attempt(word);
    return new Promise((done) => (this.parting = { word, done }));
  }

  /** Whether there is a link on which both sides have said how far they are. */
  get stands(): boolean {
    return this.line !== undefined && this.exchange.agreed;
  }

  close(): void {
    this.end();
  }

  /** Everything is said: the session ends when the other side has heard it. */
  finish(): void {
    if (this.lasts && !this.isOver) this.done = 'said';
    else this.end();
  }

  /** Everything is heard: says so. The other side, which keeps what it said for who lost its link, ends the session then. */
  heardAll(): void {
    this.done = 'heard';
    this.line?.attempt({ type: 'settled', number: this.exchange.received });
  }

  /** Ends the session for its reader too. */
  end(error?: TandemError, status?: number, reason?: string): void {
    this.line?.close(status, reason);
    this.over(error);
  }

  /** Closes the link without ending the session; a client that is told where and when comes back. */
  leave(seconds: number, address: string | null): void {
    this.line?.attempt({ type: 'away', seconds, address });
    this.line?.close();
  }

  /** Asks the other side to write a checkpoint now, for which it need not keep what is taken here. */
  askToStore(): void {
    if (this.lasts) this.exchange.tellTaken();
  }

  /** Whether it can be seen that part of a message has come. */
  get showsBytes(): boolean {
    return this.line?.showsBytes ?? false;
  }

  /** Whether nothing has come for long over a link that stands. */
  get isSilent(): boolean {
    return this.line?.isSilent ?? false;
  }

  /** How many messages this side and the other one keep until a checkpoint there, and here, has been written. */
  get waitingForStore() {
    return { here: this.line ? this.exchange.keptCount : 0, there: this.exchange.unsettled };
  }

  arrived(message: Message, bytes: Uint8Array, line: Line): void {
    switch (message.type) {
      case 'settled':
        this.exchange.settle(message.number);
        this.closeIfAllIsHeard(message.number);
        break;
      case 'ping':
        line.attempt({ type: 'settled', number: this.exchange.settleable });
        break;
      case 'after':
        this.exchange.follows(message.received);
        this.keeper.askedToStore?.();
        break;
      case 'away':
        this.away = message;
        break;
      case 'resume':
        this.pass(message, line);
        break;
      case 'resumed':
        if (this.exchange.agreed) throw new TandemError('BAD_STATE', "'resumed' came unasked");
        this.agree(message);
        this.keeper.back?.();
        if (this.parting) line.attempt(this.parting.word);
        break;
      default:
        this.take(message, bytes);
    }
  }

  isBehind(): Promise<void> | undefined {
    return this.unread.room();
  }

  ended(error: TandemError | undefined, line: Line): void {
    const isLoss = error === undefined ? !this.done && !this.parting : losses.has(error.code);
    if (this.lasts && isLoss && !this.isOver) {
      line.drop();
      this.detach();
      this.keeper.lost(error ?? new TandemError('LINK_LOST', 'the other side closed the link'));
    } else this.over(error);
  }

  private over(error?: TandemError): void {
    this.isOver = true;
    this.exchange.reader.close(error);
    this.parting?.done();
  }

  private take(message: Message, bytes: Uint8Array): void {
    if (!this.exchange.agreed && message.type !== 'error') {
      throw new TandemError('BAD_STATE', `'${message.type}' came before 'resumed'`);
    }
    this.opened = true;
    this.unread.take(message, this.lasts);
    if (message.type === 'welcome') this.welcomed(message);
    const numbered = this.lasts && !unnumbered.has(message.type);
    this.exchange.put(message, numbered ? bytes : null, bytes.length);
  }

  private welcomed({ session, grace }: Message<'welcome'>): void {
    if (!(grace > 0)) return this.line?.stopListening();
    this.session = session;
    this.graceSeconds = grace;
    this.last(this.exchange.settling.stored);
  }

  /** Hands the transport of a link that has not been used to the session it belongs to. */
  private pass(message: Message<'resume'>, line: Line): void {
    if (this.opened || !this.keeper.resuming) throw new TandemError('BAD_STATE', "'resume' came on a link in use");
    line.drop();
    this.detach();
    this.over();
    this.keeper.resuming(message, line.transport);
  }

  private replace(transport: Transport): Line {
    // Of a link that stands and is silent.
    if (!this.keeper.resuming) this.line?.close(4421, 'LINK_LOST');
    this.line?.drop();
    this.line = new Line(transport, this.codec, this.meter, this);
    this.away = undefined;
    this.exchange.moveTo(this.line);
    this.line.listenForLife(this.life);
    return this.line;
  }

  private detach(): void {
    this.line = undefined;
    this.exchange.detach();
  }

  /** Both have said how far they are. */
  private agree(theirs: Standing): void {
    this.exchange.agree(theirs);
    this.closeIfAllIsHeard(theirs.received);
  }

  private closeIfAllIsHeard(number: number): void {
    if (this.done === 'said' && number >= this.exchange.sent) this.end();
  }
}
