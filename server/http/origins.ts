import { isIP } from 'node:net';
import type { IncomingHttpHeaders } from 'node:http';
import { TandemError } from '../../shared/errors.js';
import { isLoopback } from './address.js';

/**
 * Which pages' scripts may talk to the server: its own, and those of a list. Without a list: those of pages on this
 * machine, and only where the server is on it too. Programs that are no browser send no Origin and are not asked.
 */
export class Origins {
  constructor(
    private readonly host: string,
    private readonly allowed: readonly string[] | undefined,
    /** Whether nobody comes in without a ticket. */
    private readonly guarded: boolean,
  ) {}

  /** Throws WRONG_ORIGIN. */
  check({ origin, host }: IncomingHttpHeaders): void {
    if (origin === undefined || this.allows(origin) || this.isOwn(origin, host)) return;
    throw new TandemError('WRONG_ORIGIN', `pages of ${shown(origin)} may not use this server`);
  }

  allows(origin: string): boolean {
    if (this.allowed) return this.allowed.includes(origin);
    if (!isLoopback(this.host)) return false;
    return isLoopback(hostnameOf(origin));
  }

  /**
   * Whether it is a page of this server. Any page can make its own name resolve to this machine, and then says that name
   * as Host and Origin both: a name is believed only where a ticket is asked for, too. An address cannot be made so.
   */
  private isOwn(origin: string, host: string | undefined): boolean {
    if (origin.replace(/^https?:\/\//, '') !== host) return false;
    const name = hostnameOf(origin);
    return this.guarded || isIP(name) !== 0 || isLoopback(name);
  }
}

/** Without the brackets of IPv6; empty for what is no address. */
export function hostnameOf(origin: string): string {
  try {
    return new URL(origin).hostname.replace(/^\[|\]$/g, '');
  } catch {
    return '';
  }
}

/** A stranger's text as it may stand in a log. */
function shown(origin: string): string {
  return /^[\w.:/[\]-]{1,100}$/.test(origin) ? origin : 'another site';
}
