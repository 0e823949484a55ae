import type { Message } from '../../shared/protocol/messages.js';
import type { Delivery } from '../../shared/session/delivery.js';
import type { Transport } from '../../shared/transport/transport.js';
import type { SessionHolders } from '../entry/session-holders.js';
import type { Places } from '../run/places.js';
import { Party, type Intakes, type Listener, type PartyOwner, type PartySnapshot } from './party.js';
import { Sessions, type SessionsOptions } from './sessions.js';
import type { SessionRules } from './session-state.js';

/** A session's client, and what went over its links. */
export interface SessionSnapshot extends PartySnapshot {
  readonly delivery: Delivery;
  /** What the checkpoint before this one held. */
  readonly stored: number;
  /** The invite or the key that the session was opened with; null where everybody is let in. */
  readonly holder: string | null;
}

export interface MembersOptions extends Omit<SessionsOptions, 'graceSeconds'> {
  readonly graceSeconds?: number | undefined;
  readonly holders?: SessionHolders | undefined;
}

/** What is expected of somebody who has not said yet what it comes for. */
type Rules = Pick<SessionRules, 'contract'> & Partial<SessionRules>;

/** All who are in touch with a run, in their sessions, and the places that some of them have. */
export class Members {
  readonly sessions: Sessions;
  private readonly parties = new Set<Party>();

  constructor(
    private readonly options: MembersOptions,
    private readonly places: Places,
    private readonly owner: PartyOwner,
    private readonly course: Listener & { readonly rules: Rules; intakesOf(client: number | null): Intakes },
  ) {
    this.sessions = new Sessions({ ...options, graceSeconds: options.graceSeconds ?? 0 });
  }

  /** Everybody, also who has no place. */
  get all(): Iterable<Party> {
    return this.parties;
  }

  /** Who has a place. */
  get placed(): Party[] {
    return [...this.parties].filter(({ client }) => client !== null);
  }

  /** Takes a client's link; resolves when the client is gone. */
  accept(transport: Transport): Promise<void> {
    const { owner, course } = this;
    return this.listen(new Party(this.sessions.open(transport), course.rules, owner, course, course.intakesOf(null)));
  }

  /** Nothing more is said to a party. */
  remove(party: Party): void {
    this.parties.delete(party);
  }

  /** As plain data; who has no place or no session is not in it. */
  snapshot(): SessionSnapshot[] {
    return this.placed.flatMap((party) => {
      const link = this.sessions.links.get(party.session);
      if (!link) return [];
      const holder = this.options.holders?.of(party.session) ?? null;
      return [{ ...party.snapshot(), delivery: link.snapshot(party.cursor), stored: link.durable, holder }];
    });
  }

  /** Clients of a checkpoint are in their places, and expected back. */
  restore(snapshots: readonly SessionSnapshot[]): Party[] {
    return snapshots.map(({ delivery, stored, holder, ...own }) => {
      if (holder !== null) this.options.holders?.note(own.session, { subject: holder });
      const link = this.sessions.reopen(own.session, delivery, stored);
      const { owner, course } = this;
      const party = new Party(link, course.rules, owner, course, course.intakesOf(own.client)).restore(own);
      this.places.take(own.client, party);
      void this.listen(party);
      return party;
    });
  }

  /** Tells all who have a place how the run went, which is the last thing they are told. */
  announce(message: Message<'finished'>): void {
    for (const party of this.placed) {
      party.send(message);
      party.close();
    }
  }

  /**
   * Resolves when all have heard that, or have had the time of grace for it: whoever has lost its link may come back for the news. `noted` is called for each
   * that has.
   */
  async allHeard(noted: () => Promise<void> | undefined, told?: Promise<void>): Promise<void> {
    const { placed } = this;
    for (const { session } of placed) this.sessions.links.get(session)?.finish();
    // Their time begins when it is not held back any more.
    await told;
    await this.sessions.allGone(placed.map(({ gone }) => ({ gone: gone.then(noted) })));
  }

  private async listen(party: Party): Promise<void> {
    this.parties.add(party);
    await party.listen();
    this.sessions.forget(party.session);
    this.parties.delete(party);
  }
}
