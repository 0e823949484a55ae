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
  /** The server's `away`: where and when it will be back. */
  away: Message<'away'> | undefined;
  readonly codec: SessionCodec;
  private readonly unread: Unread;
  private line: Line | undefined;
  /** The kind of work the other side owes a reply to, during which it may be silent; null when it owes none. */
  owes: () => string | null = () => null;
  /** Called when the link is lost, silent or back. */
  onChange: (change: LinkChange) => void = () => undefined;
  private readonly life: LinkLife;
  /** Once this side leaves for good: its last message, sent on every new link until the session ends. */
  private parting: { readonly word: Message; readonly done: () => void } | undefined;
  private isOver = false;
  private lasts = false;
  private opened = false;
  /** Set when only the end is left: this side has sent everything, or received everything. */
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
    // A client that can reconnect does so rather than wait for a welcome that never comes.
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

  /** Messages as they arrive. After each, the reader calls `took` once it has taken it into its state. */
  async *messages(): AsyncGenerator<Message, void> {
    for await (const message of this.exchange.reader.messages()) {
      yield message;
      // A server stops reading from a client that does not read; a client always reads, so the two never wait for each other.
      if (this.keeper.resuming) await this.line?.room();
    }
  }

  /** The most bytes that a message may unpack to. */
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
   * Leaves for good: sends a last message, again on each new link, until the other side ends the session, which may ask for earlier messages until then.
   * Nothing more is read; the reader ends with `why`. Resolves when the session has ended.
   */
  part(word: Message, why: TandemError): Promise<void> {
    if (this.isOver) return Promise.resolve();
    this.exchange.reader.close(why);
    if (this.exchange.agreed) this.line?.attempt(word);
    return new Promise((done) => (this.parting = { word, done }));
  }

  /** Whether there is a link on which both sides have exchanged their positions. */
  get stands(): boolean {
    return this.line !== undefined && this.exchange.agreed;
  }

  close(): void {
    this.end();
  }

  /** Nothing more will be sent: the session ends when the other side has received everything. */
  finish(): void {
    if (this.lasts && !this.isOver) this.done = 'said';
    else this.end();
  }

  /** Everything was received: tells the other side, which then ends the session. */
  heardAll(): void {
    this.done = 'heard';
    this.line?.attempt({ type: 'settled', number: this.exchange.received });
  }

  /** Ends the session for its reader too. */
  end(error?: TandemError, status?: number, reason?: string): void {
    this.line?.close(status, reason);
    this.over(error);
  }

  /** Closes the link without ending the session; the client comes back in `seconds`, to `address`. */
  leave(seconds: number, address: string | null): void {
    this.line?.attempt({ type: 'away', seconds, address });
    this.line?.close();
  }

  /** Asks the other side to write a checkpoint now, and tells it which of its messages were taken here. */
  askToStore(): void {
    if (this.lasts) this.exchange.tellTaken();
  }

  /** Whether bytes of incomplete messages are counted. */
  get showsBytes(): boolean {
    return this.line?.showsBytes ?? false;
  }

  /** Whether the link is silent. */
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

  /** Hands the transport of an unused link to the session that its first message asks for. */
  private pass(message: Message<'resume'>, line: Line): void {
    if (this.opened || !this.keeper.resuming) throw new TandemError('BAD_STATE', "'resume' came on a link in use");
    line.drop();
    this.detach();
    this.over();
    this.keeper.resuming(message, line.transport);
  }

  private replace(transport: Transport): Line {
    // At a client, a link that is silent is replaced while it still stands.
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

  /** Both sides have said their positions. */
  private agree(theirs: Standing): void {
    this.exchange.agree(theirs);
    this.closeIfAllIsHeard(theirs.received);
  }

  private closeIfAllIsHeard(number: number): void {
    if (this.done === 'said' && number >= this.exchange.sent) this.end();
  }
}
