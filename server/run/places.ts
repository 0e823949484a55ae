import type { ClientAccount } from '../../shared/events.js';
import { TandemError } from '../../shared/errors.js';
import type { ClientSession } from '../session/client-session.js';

/** How long after its hello a client may take to be ready before another may have its place. */
const LENT_SECONDS = 15;

/** The places of a run and their sessions. A place whose client has left can be taken again; its account goes on. */
export class Places {
  private readonly sessions = new Map<number, ClientSession>();
  /** From a checkpoint: the accounts of places whose client had left. */
  private readonly done = new Map<number, ClientAccount>();
  private readonly sinceMs = new WeakMap<ClientSession, number>();

  constructor(private readonly nowMs: () => number = () => performance.now()) {}

  /** The session in a place, also of a client that has left. */
  of(client: number): ClientSession | undefined {
    return this.sessions.get(client);
  }

  take(client: number, session: ClientSession): void {
    session.follow(this.sessions.get(client)?.account(client) ?? this.done.get(client));
    this.sessions.set(client, session);
    this.done.delete(client);
    this.sinceMs.set(session, this.nowMs());
  }

  /** Takes the accounts of places without a client from a checkpoint. */
  recall(accounts: readonly ClientAccount[]): void {
    accounts.forEach((account) => this.done.set(account.client, account));
  }

  /** Frees a place and its account, for a client that leaves before the run begins. */
  forget(client: number): void {
    this.sessions.delete(client);
  }

  /** Refuses the client that has been unready for longest, if that is long, so that another may have its place; of all places, or of one. */
  makeWay(only?: number): boolean {
    const lateMs = this.nowMs() - 1000 * LENT_SECONDS;
    const [late] = [...this.sessions]
      .filter(([client, { phase }]) => phase === 'joining' && (only === undefined || client === only))
      .map(([, session]) => ({ session, ms: this.sinceMs.get(session) ?? Infinity }))
      .filter(({ ms }) => ms <= lateMs)
      .sort((a, b) => a.ms - b.ms);
    const why = `the client was not ready ${LENT_SECONDS} seconds after its hello, and made way for another`;
    late?.session.refuse(new TandemError('TOO_SLOW', why, 'join again'));
    return late !== undefined;
  }

  /** Places in use now. */
  get taken(): ReadonlySet<number> {
    return new Set([...this.sessions].flatMap(([client, { phase }]) => (phase === 'closed' ? [] : [client])));
  }

  /** The account of each place, in their order. */
  get accounts(): ClientAccount[] {
    const accounts = [...this.sessions].map(([client, session]) => session.account(client));
    return [...accounts, ...this.done.values()].sort((a, b) => a.client - b.client);
  }
}
