import { realClock, type Clock } from '../../shared/clock.js';
import { asTandemError, TandemError } from '../../shared/errors.js';
import { limits } from '../../shared/protocol/limits.js';
import type { Message } from '../../shared/protocol/messages.js';
import { newDelivery, type Delivery } from '../../shared/session/delivery.js';
import { LastingLink } from '../../shared/session/lasting-link.js';
import type { LinkKeeper } from '../../shared/session/link-keeper.js';
import { codecRegistry, type CodecRegistry } from '../../shared/wire/codec-registry.js';
import type { Codec } from '../../shared/wire/codec.js';
import type { SessionLink } from './client-session.js';
import type { Transport } from '../../shared/transport/transport.js';

export interface SessionLinksOptions {
  /** Seconds for which a session outlives its link; 0 ends it with the link. */
  readonly graceSeconds: number;
  readonly heartbeatSeconds?: number | undefined;
  readonly clock?: Clock | undefined;
  /** Custom codecs. */
  readonly codecs?: readonly Codec[] | undefined;
  /** Told when a session has ended. */
  readonly holders?: { release(session: string): void } | undefined;
}

/** A link is silent after three of them without a byte. */
const HEARTBEAT_SECONDS = 2.5;

/** The links of a server's sessions. A client that has lost its link may come back over another one until its grace is over. */
export class SessionLinks {
  /** By the id of the session. */
  readonly byId = new Map<string, LastingLink>();

  private left = false;
  private readonly codecs: CodecRegistry;

  /** Throws BAD_OPTION for a grace that is out of range. */
  constructor(private readonly options: SessionLinksOptions) {
    const { graceSeconds } = options;
    this.codecs = codecRegistry(options.codecs);
    if (graceSeconds >= 0 && graceSeconds <= limits.seconds) return;
    throw new TandemError('BAD_OPTION', `a grace of ${graceSeconds} s`, `give seconds from 0 to ${limits.seconds}`);
  }

  get graceSeconds(): number {
    return this.options.graceSeconds;
  }

  /** A new link. Its first message begins a session or resumes one. */
  open(transport: Transport): LastingLink {
    return this.link(newDelivery).attach(transport);
  }

  /** The link of a session from a checkpoint, whose client is expected back. */
  reopen(session: string, delivery: Delivery, stored: number): LastingLink {
    const link = this.link(delivery, true);
    this.keep(session, link, stored);
    return link;
  }

  /** From here on the session outlives its link. `stored` is set where there are checkpoints. */
  keep(session: string, link: SessionLink, stored?: number): void {
    if (!(link instanceof LastingLink)) return;
    this.byId.set(session, link);
    link.last(stored);
  }

  /** Closes all links without ending the sessions: clients come back to the server that goes on with them. */
  leave(seconds: number, address: string | null): void {
    this.left = true;
    for (const link of this.byId.values()) link.leave(seconds, address);
  }

  /** Resolves when all these sessions have ended, at the latest after the grace. */
  async allGone(told: readonly { readonly gone: Promise<void> }[]): Promise<void> {
    const { clock = realClock, graceSeconds } = this.options;
    if (graceSeconds === 0) return;
    let stop = () => undefined as void;
    const late = new Promise<void>((resolve) => (stop = clock.after(graceSeconds, resolve)));
    await Promise.race([Promise.all(told.map(({ gone }) => gone)), late]);
    stop();
  }

  forget(session: string): void {
    this.byId.delete(session);
    this.options.holders?.release(session);
  }

  private link(delivery: Delivery, isLost = false): LastingLink {
    const { clock = realClock, graceSeconds, heartbeatSeconds = HEARTBEAT_SECONDS } = this.options;
    let spare = () => undefined as void;
    let lostMs: number | undefined;
    let silentMs: number | undefined;
    const lost = (why?: TandemError) => {
      if (this.left) return;
      // Nothing was received that would be lost, so the session ends: its client begins a new one and needs the place.
      if (why && link.isNew)
        return link.end(new TandemError('LINK_LOST', `before the client was ready, ${why.message}`));
      lostMs = performance.now();
      if (why) link.onChange({ what: 'lost', reason: why.message, graceSeconds });
      const before = why ? `; before that, ${why.message}` : '';
      const over = new TandemError('LINK_LOST', `the client did not come back within ${graceSeconds} s${before}`);
      if (link.isNew) link.end(over);
      else spare = clock.after(graceSeconds, () => link.end(over));
    };
    const keeper: LinkKeeper = {
      clock,
      codecs: this.codecs,
      heartbeatSeconds,
      lost,
      silent: (seconds, patienceSeconds) => {
        if (silentMs === undefined) link.onChange({ what: 'silent', seconds, patienceSeconds });
        silentMs ??= performance.now() - 1000 * seconds;
      },
      back: () => {
        spare();
        const sinceMs = lostMs ?? silentMs;
        if (sinceMs !== undefined) link.onChange({ what: 'back', seconds: (performance.now() - sinceMs) / 1000 });
        lostMs = silentMs = undefined;
      },
      resuming: (message, transport) => this.resume(message, transport),
    };
    const link = new LastingLink(keeper, delivery);
    if (isLost) lost();
    return link;
  }

  private resume(message: Message<'resume'>, transport: Transport): void {
    const link = this.byId.get(message.session);
    if (!link) {
      const error = new TandemError('SESSION_LOST', 'no such session is known here');
      this.link(newDelivery).attach(transport).refuse(error);
      return;
    }
    try {
      link.resumed(transport, message);
    } catch (error) {
      link.refuse(asTandemError(error));
    }
  }
}
