import { TandemError } from '../../shared/errors.js';
import type { InviteBook } from './invite-book.js';

const CHECK_EVERY_MS = 1_000;

/** Ends the links of those who are revoked while they are in. */
export class LiveGrants {
  private readonly cuts = new Map<string, Set<(error: TandemError) => void>>();
  private readonly timer: NodeJS.Timeout;
  private checking = false;

  constructor(private readonly book: InviteBook) {
    this.timer = setInterval(() => void this.check(), CHECK_EVERY_MS).unref();
  }

  /** `cut` ends a link of `subject`. Returns what to call when the link has ended. */
  add(subject: string, cut: (error: TandemError) => void): () => void {
    const cuts = this.cuts.get(subject) ?? new Set();
    this.cuts.set(subject, cuts.add(cut));
    return () => {
      cuts.delete(cut);
      if (cuts.size === 0) this.cuts.delete(subject);
    };
  }

  /** Looks each one up; a folder that cannot be read for a moment cuts nobody. */
  async check(): Promise<void> {
    if (this.checking) return;
    this.checking = true;
    try {
      for (const [subject, cuts] of this.cuts) {
        if (!(await this.book.isRevoked(subject))) continue;
        const error = new TandemError('NO_ENTRY', `${subject} has been revoked`);
        [...cuts].forEach((cut) => cut(error));
      }
    } catch {
      // Tried again in a second; new entries are refused meanwhile, since their check fails too.
    } finally {
      this.checking = false;
    }
  }

  close(): void {
    clearInterval(this.timer);
  }
}
