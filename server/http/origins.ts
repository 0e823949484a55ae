import { TandemError } from '../../shared/errors.js';
import { isLoopback } from './address.js';
import { hostnameOf, type ServedNames } from './served-names.js';

export interface OriginsOptions {
  /** What the server listens on. */
  readonly host: string;
  readonly names: ServedNames;
  readonly allowed?: readonly string[] | undefined;
  /** The origin of the server's own pages, where a proxy has another address for it. */
  readonly published?: string | undefined;
  /** Whether nobody comes in without a ticket. */
  readonly guarded: boolean;
}

/** What a request says of the page behind it. */
export interface PageClaim {
  readonly origin?: string | undefined;
  readonly host?: string | undefined;
  /** The host that the browser asked, where a proxy that is believed says so. */
  readonly forwardedHost?: string | undefined;
}

/**
 * Which pages' scripts may talk to the server: its own, and those of a list. Without a list: those of pages on this
 * machine, and only where the server is on it too. Programs that are no browser send no Origin and are not asked.
 */
export class Origins {
  constructor(private readonly options: OriginsOptions) {}

  /** Throws WRONG_HOST for a request under a name that is not this server's, and WRONG_ORIGIN for a page that may not ask. */
  check(claim: PageClaim): void {
    this.checkHost(claim);
    const { origin } = claim;
    if (origin === undefined || this.allows(origin) || this.isOwn(origin, claim)) return;
    throw new TandemError('WRONG_ORIGIN', `pages of ${shown(origin)} may not use this server`);
  }

  allows(origin: string): boolean {
    const { allowed, host } = this.options;
    if (allowed) return allowed.includes(origin);
    if (!isLoopback(host)) return false;
    return isLoopback(hostnameOf(origin));
  }

  /** Whether the request is one of this machine's own programs or pages, as far as it says itself. */
  isOfThisMachine({ origin, host }: PageClaim): boolean {
    return this.options.names.has(host) && (origin === undefined || isLoopback(hostnameOf(origin)));
  }

  /** Where a ticket is asked for, too, a page that has none gains nothing by a name. */
  private checkHost({ host, forwardedHost }: PageClaim): void {
    const { names, guarded } = this.options;
    const foreign = guarded ? undefined : [host, forwardedHost].find((name) => !names.has(name));
    if (foreign === undefined) return;
    const name = hostnameOf(`http://${foreign}`);
    const what = `this server was asked for as '${shown(name)}', a name that it does not go by`;
    const isShown = shown(name) === name;
    throw new TandemError(
      'WRONG_HOST',
      what,
      `use its address, or start it with --host-name ${isShown ? name : 'NAME'}`,
    );
  }

  private isOwn(origin: string, { host, forwardedHost }: PageClaim): boolean {
    const place = origin.replace(/^https?:\/\//, '');
    return place === host || place === forwardedHost || origin === this.options.published;
  }
}

/** A stranger's text as it may stand in a log. */
function shown(origin: string): string {
  return /^[\w.:/[\]-]{1,100}$/.test(origin) ? origin : 'another site';
}
