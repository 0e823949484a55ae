import type { Message } from '../../shared/protocol/messages.js';
import type { Delivery } from '../../shared/session/delivery.js';
import type { Transport } from '../../shared/transport/transport.js';
import type { SessionHolders } from '../entry/session-holders.js';
import type { Places } from '../run/places.js';
import { ClientSession, type ClientSessionSnapshot, type Listener, type SessionOwner } from './client-session.js';
import type { Intakes } from './intakes.js';
import { SessionLinks, type SessionLinksOptions } from './session-links.js';
import type { SessionRules } from './session-state.js';

/** A session with its numbered messages. */
export interface SessionSnapshot extends ClientSessionSnapshot {
  readonly delivery: Delivery;
  /** How much the checkpoint before this one had received. */
  readonly stored: number;
  /** The invite or the key that the session was opened with; null where everybody is let in. */
  readonly holder: string | null;
}

export interface RunSessionsOptions extends Omit<SessionLinksOptions, 'graceSeconds'> {
  readonly graceSeconds?: number | undefined;
  readonly holders?: SessionHolders | undefined;
}

/** The rules of a session until its hello. */
type Rules = Pick<SessionRules, 'contract'> & Partial<SessionRules>;

/** All sessions of a run, those without a place included. */
export class RunSessions {
  readonly links: SessionLinks;
  private readonly open = new Set<ClientSession>();

  constructor(
    private readonly options: RunSessionsOptions,
    private readonly places: Places,
    private readonly owner: SessionOwner,
    private readonly course: Listener & { readonly rules: Rules; intakesOf(client: number | null): Intakes },
  ) {
    this.links = new SessionLinks({ ...options, graceSeconds: options.graceSeconds ?? 0 });
  }

  /** Also sessions without a place. */
  get all(): Iterable<ClientSession> {
    return this.open;
  }

  /** Sessions with a place. */
  get placed(): ClientSession[] {
    return [...this.open].filter(({ client }) => client !== null);
  }

  /** Takes a client's link; resolves when the client is gone. */
  accept(transport: Transport): Promise<void> {
    const { owner, course } = this;
    return this.listen(
      new ClientSession(this.links.open(transport), course.rules, owner, course, course.intakesOf(null)),
    );
  }

  /** No further message goes to it. */
  remove(session: ClientSession): void {
    this.open.delete(session);
  }

  /** Sessions that outlive their links, as plain data. */
  snapshot(): SessionSnapshot[] {
    return this.placed.flatMap((session) => {
      const link = this.links.byId.get(session.id);
      if (!link) return [];
      const holder = this.options.holders?.of(session.id) ?? null;
      return [{ ...session.snapshot(), delivery: link.snapshot(session.cursor), stored: link.durable, holder }];
    });
  }

  /** Puts the clients of a checkpoint back into their places; they are expected back. */
  restore(snapshots: readonly SessionSnapshot[]): ClientSession[] {
    return snapshots.map(({ delivery, stored, holder, ...own }) => {
      if (holder !== null) this.options.holders?.note(own.session, { subject: holder });
      const link = this.links.reopen(own.session, delivery, stored);
      const { owner, course } = this;
      const session = new ClientSession(link, course.rules, owner, course, course.intakesOf(own.client)).restore(own);
      this.places.take(own.client, session);
      void this.listen(session);
      return session;
    });
  }

  /** Sends every client with a place its last message: how the run went. */
  announce(message: Message<'finished'>): void {
    for (const session of this.placed) {
      session.send(message);
      session.close();
    }
  }

  /**
   * Resolves when all clients have received that, or their grace is over: a client that has lost its link may come back for it. Calls `noted` for each that
   * has received it.
   */
  async allHeard(noted: () => Promise<void> | undefined, told?: Promise<void>): Promise<void> {
    const { placed } = this;
    for (const { id } of placed) this.links.byId.get(id)?.finish();
    // The grace begins once the message may be sent.
    await told;
    await this.links.allGone(placed.map(({ gone }) => ({ gone: gone.then(noted) })));
  }

  private async listen(session: ClientSession): Promise<void> {
    this.open.add(session);
    await session.listen();
    this.links.forget(session.id);
    this.open.delete(session);
  }
}
