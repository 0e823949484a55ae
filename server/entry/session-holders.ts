import { TandemError } from '../../shared/errors.js';
import type { Grant } from './grant.js';

/** Far more than a run has sessions; the oldest are forgotten first. */
const MOST = 100_000;

/** Whose session is whose: who lost a link resumes its own session and nobody else's. */
export class SessionHolders {
  private readonly holders = new Map<string, string>();
  /** Places that are in use, by who holds them: sessions, and links that have said hello and not been answered. */
  private readonly inUse = new Map<string, Set<string>>();

  /** `countsPlaces` where ends of sessions are told, so that a key has one place at a time. */
  constructor(private readonly countsPlaces = false) {}

  /** Whose a session is; undefined where everybody is let in. */
  of(session: string): string | undefined {
    return this.holders.get(session);
  }

  /** A holder of a key asks for a place over a link of this name. Throws RUN_FULL where the key has one that is in use. */
  claim(link: string, { subject, role }: Grant): void {
    // An invite is counted as it is used up; a relay trains for many.
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

  /** `link` over which its place was claimed, which it holds from here on. */
  note(session: string, { subject }: Pick<Grant, 'subject'>, link?: string): void {
    if (this.countsPlaces && isKey(subject) && (link === undefined || this.inUse.get(subject)?.delete(link))) {
      this.use(subject, session);
    }
    this.holders.set(session, subject);
    const [oldest] = this.holders.keys();
    if (this.holders.size > MOST && oldest !== undefined) this.holders.delete(oldest);
  }

  /**
   * A session that nobody is known to hold, such as one from before a server took invites, is known by its id alone, which is a secret
   * between its client and the server. Throws WRONG_ROLE.
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
