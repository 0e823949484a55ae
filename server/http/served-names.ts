import { hostname } from 'node:os';
import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { TandemError } from '../../shared/errors.js';
import { isLoopback } from './address.js';
import type { Tls } from './tls.js';

export interface NamesOptions {
  /** The address or name that the server listens on. */
  readonly host: string;
  /** Names that the operator gave it, such as in a private network. */
  readonly hostNames?: readonly string[] | undefined;
  /** Origins whose scripts may come in: the operator has named them, too. */
  readonly allowedOrigins?: readonly string[] | undefined;
  readonly tls?: Pick<Tls, 'cert'> | null | undefined;
}

/**
 * The names under which a server answers. Any site can make its own name resolve to this machine (DNS rebinding); to the browser its pages are
 * then the server's own. It cannot do so with an address, nor with a name that it does not own.
 */
export class ServedNames {
  private readonly names: ReadonlySet<string>;

  constructor({ host, hostNames = [], allowedOrigins = [], tls }: NamesOptions) {
    const given = [host, ...hostNames, ...allowedOrigins.map(hostnameOf), ...namesOfMachine(), ...namesIn(tls?.cert)];
    this.names = new Set(given.map(plain));
  }

  /** Whether a Host header, with or without its port, names this server. Browsers always send one. */
  has(host: string | undefined): boolean {
    if (host === undefined) return true;
    // More than a name and a port is no Host header, and could be read in two ways.
    const name = /[/?#@\\\s]/.test(host) ? '' : plain(hostnameOf(`http://${host}`));
    if (name === '') return false;
    const wildcard = name.replace(/^[^.]+/, '*');
    if (isIP(name) !== 0 || isLoopback(name) || name.endsWith('.localhost')) return true;
    return this.names.has(name) || this.names.has(wildcard);
  }
}

/** Throws BAD_OPTION for what is no address of a web site. */
export function publicAddress(url: string): URL {
  if (/^https?:\/\/[^/]/.test(url) && URL.canParse(url)) return new URL(url);
  throw new TandemError(
    'BAD_OPTION',
    `'${url}' is no address of a web site`,
    'give --public-url one like https://train.example/tandem/',
  );
}

/** Without the brackets of IPv6; empty for what is no address. */
export function hostnameOf(origin: string): string {
  try {
    return new URL(origin).hostname.replace(/^\[|\]$/g, '');
  } catch {
    // What is no address has no name that could be served.
    return '';
  }
}

/** A full stop at the end says the same name. */
function plain(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}

/** As itself, and as multicast DNS has it in a network without a name server. */
function namesOfMachine(): string[] {
  const full = hostname();
  const short = full.split('.')[0] ?? full;
  return [full, short, `${short}.local`];
}

/** The names in the certificate, which its authority or owner vouches for. */
function namesIn(cert: Buffer | undefined): string[] {
  if (cert === undefined) return [];
  const names = new X509Certificate(cert).subjectAltName ?? '';
  return [...names.matchAll(/DNS:([^,\s]+)/g)].map(([, name = '']) => name);
}
