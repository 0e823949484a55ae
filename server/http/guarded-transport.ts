import { checkRole, type Grant } from '../entry/grant.js';
import type { SessionHolders } from '../entry/session-holders.js';
import { TandemError } from '../../shared/errors.js';
import { TYPE_AT } from '../../shared/protocol/frame.js';
import { definitions, type Message } from '../../shared/protocol/messages.js';
import { SessionCodec } from '../../shared/protocol/session-codec.js';
import type { Transport } from '../../shared/transport/transport.js';

/** The messages that may open a session. */
const OPENINGS: ReadonlySet<number | undefined> = new Set([definitions.hello.code, definitions.resume.code]);

export interface Guard {
  /** What the client was admitted for; null where no tickets are needed. */
  readonly grant: Grant | null;
  /** Which invite or key each session belongs to. */
  readonly holders: SessionHolders;
  /** Called for the `hello` or `resume`; throws RUN_FULL. */
  readonly greeted: (opening: Message<'hello' | 'resume'>) => void;
  /** Called for every message; throws TOO_MANY. */
  readonly take: () => Promise<void>;
  readonly received: (frame: Uint8Array) => void;
  readonly sent: (frame: Uint8Array) => void;
  /** The session ended with a refusal. */
  readonly refused: (code: string) => void;
}

/** A client's transport at the server: counted, limited, and its hello checked against its grant. */
export class GuardedTransport implements Transport {
  private hasGreeted = false;
  private readonly codec = new SessionCodec();
  /** Names this link's claim to a place until there is a session. */
  private readonly name = crypto.randomUUID();

  constructor(
    private readonly inner: Transport,
    private readonly guard: Guard,
  ) {}

  send(bytes: Uint8Array): void {
    this.inner.send(bytes);
    const { grant, holders, sent } = this.guard;
    sent(bytes);
    if (grant && bytes[TYPE_AT] === definitions.welcome.code) {
      const message = this.codec.decode(bytes);
      if (message.type === 'welcome') holders.note(message.session, grant, this.name);
    }
  }

  bearWith(seconds: () => number): void {
    this.inner.bearWith?.(seconds);
  }

  get bytesRead(): number | undefined {
    return this.inner.bytesRead;
  }

  get hasRoom(): boolean {
    return this.inner.hasRoom;
  }

  onRoom(callback: () => void): void {
    this.inner.onRoom(callback);
  }

  async *frames(): AsyncGenerator<Uint8Array, void> {
    const { take, received } = this.guard;
    try {
      for await (const frame of this.inner.frames()) {
        received(frame);
        await take();
        // Not necessarily the first message: a ping may come before.
        if (OPENINGS.has(frame[TYPE_AT])) this.checkOpening(frame);
        yield frame;
      }
    } finally {
      this.guard.holders.release(this.name);
    }
  }

  close(status?: number, reason?: string): void {
    if (reason) this.guard.refused(reason);
    this.inner.close(status, reason);
  }

  /** Throws WRONG_ROLE and RUN_FULL. Invalid messages are left to the session to refuse. */
  private checkOpening(frame: Uint8Array): void {
    const { grant, holders, greeted } = this.guard;
    const message = this.readable(frame);
    if (message?.type !== 'hello' && message?.type !== 'resume') return;
    if (grant && message.type === 'resume') holders.check(message.session, grant);
    if (grant && message.type === 'hello') {
      checkRole(grant, message);
      if (message.role === 'train' && !this.hasGreeted) holders.claim(this.name, grant);
    }
    if (!this.hasGreeted) greeted(message);
    this.hasGreeted = true;
  }

  private readable(frame: Uint8Array): Message | undefined {
    try {
      return this.codec.decode(frame);
    } catch (error) {
      if (error instanceof TandemError) return undefined;
      throw error;
    }
  }
}
