import { TandemError } from '../../shared/errors.js';
import { isLoopback } from './address.js';

/**
 * Which pages' scripts may talk to the server. Without a list: those of pages on this machine, and only where the server
 * is on it too. Programs that are no browser send no Origin and are not asked.
 */
export class Origins {
  constructor(
    private readonly host: string,
    private readonly allowed: readonly string[] | undefined,
  ) {}

  /** Throws WRONG_ORIGIN. */
  check(origin: string | undefined): void {
    if (origin === undefined || this.allows(origin)) return;
    throw new TandemError('WRONG_ORIGIN', `pages of ${shown(origin)} may not use this server`);
  }

  allows(origin: string): boolean {
    if (this.allowed) return this.allowed.includes(origin);
    if (!isLoopback(this.host)) return false;
    try {
      return isLoopback(new URL(origin).hostname.replace(/^\[|\]$/g, ''));
    } catch {
      return false;
    }
  }
}

/** A stranger's text as it may stand in a log. */
function shown(origin: string): string {
  return /^[\w.:/[\]-]{1,100}$/.test(origin) ? origin : 'another site';
}
