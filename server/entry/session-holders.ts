import { TandemError } from '../../shared/errors.js';
import type { Grant } from './grant.js';

/** Far more than a run has sessions; the oldest are forgotten first. */
const MOST = 100_000;

/** Whose session is whose: who lost a link resumes its own session and nobody else's. */
export class SessionHolders {
  private readonly holders = new Map<string, string>();

  /** Whose a session is; undefined where everybody is let in. */
  of(session: string): string | undefined {
    return this.holders.get(session);
  }

  note(session: string, { subject }: Pick<Grant, 'subject'>): void {
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
}
