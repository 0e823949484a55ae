import { TandemError } from '../../shared/errors.js';
import type { Grant } from './grant.js';

/** Far more sessions than a run has; the oldest are forgotten first. */
const MOST = 100_000;

/** Which invite or key each session belongs to, so that nobody resumes another one's session. */
export class SessionHolders {
  private readonly holders = new Map<string, string>();
  /** Sessions, and links that wait for their welcome, by the key that holds them. */
  private readonly inUse = new Map<string, Set<string>>();

  /** `countsPlaces` limits each key to one place at a time; it needs `release` to be called. */
  constructor(private readonly countsPlaces = false) {}

  /** The holder of a session; undefined where no tickets are needed. */
  of(session: string): string | undefined {
    return this.holders.get(session);
  }

  /** Claims a place over a link. Throws RUN_FULL where the same key has one in use. */
  claim(link: string, { subject, role }: Grant): void {
    // Invites count their own uses, and a relay's key trains for many clients.
    if (!this.countsPlaces || role !== 'train' || !isKey(subject)) return;
    if (this.inUse.get(subject)?.size) {
      const what = `key ${subject} has a place of this run already`;
      throw new TandemError(
        'RUN_FULL',
        what,
        "a key has one place at a time: enrol another, or wait until the one before is gone (the server's --grace)",
      );
    }
    this.use(subject, link);
  }

  /** A session, or a link, is over. */
  release(name: string): void {
    for (const [subject, names] of this.inUse) {
      if (names.delete(name) && names.size === 0) this.inUse.delete(subject);
    }
  }

  /** Notes the holder of a new session, which takes over the place claimed by `link`. */
  note(session: string, { subject }: Pick<Grant, 'subject'>, link?: string): void {
    if (this.countsPlaces && isKey(subject) && (link === undefined || this.inUse.get(subject)?.delete(link))) {
      this.use(subject, session);
    }
    this.holders.set(session, subject);
    const [oldest] = this.holders.keys();
    if (this.holders.size > MOST && oldest !== undefined) this.holders.delete(oldest);
  }

  /**
   * Checks that a session is resumed by its holder. One without a known holder, such as from before a server took invites, is protected by its
   * id alone, which is a secret. Throws WRONG_ROLE.
   */
  check(session: string, { subject, role }: Grant): void {
    const holder = this.holders.get(session);
    if (holder === subject || (holder === undefined && (role === 'train' || role === 'relay'))) return;
    throw new TandemError('WRONG_ROLE', 'the session was opened with another invite or key', 'join again');
  }

  private use(subject: string, name: string): void {
    const names = this.inUse.get(subject) ?? new Set();
    this.inUse.set(subject, names.add(name));
  }
}

function isKey(subject: string): boolean {
  return subject.startsWith('k');
}
