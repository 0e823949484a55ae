import type { IncomingMessage } from 'node:http';
import { BlockList, isIP, type Socket } from 'node:net';
import { TandemError } from '../../shared/errors.js';
import { isLoopback } from './address.js';

/** Whom a request is said to be from and for: by a proxy that is believed, else by the socket and the request themselves. */
export interface Asked {
  readonly address: string;
  /** As the browser was asked for it, if a proxy says so. */
  readonly forwardedHost: string | undefined;
  /** Whether it came through TLS as far as a proxy says. */
  readonly isSecure: boolean;
}

/** The proxies that are believed where requests come from: those of the list, or with `true` those on this machine. */
export class TrustedProxies {
  private readonly list = new BlockList();
  private hasWarned = false;

  /** Throws BAD_OPTION for what is neither an address nor a range. `warn` hears once that a proxy says something and is not believed. */
  constructor(
    private readonly trusted: boolean | string | readonly string[] = false,
    private readonly warn: (message: string) => void = () => undefined,
  ) {
    if (typeof trusted === 'boolean') return;
    const entries = (typeof trusted === 'string' ? [trusted] : trusted).flatMap((text) => text.split(','));
    entries.forEach((text) => this.add(text.trim()));
  }

  /** Whether the socket's other end is a proxy that is believed. */
  believes({ remoteAddress, localAddress }: Pick<Socket, 'remoteAddress' | 'localAddress'>): boolean {
    if (remoteAddress === undefined || this.trusted === false) return false;
    // Both ends have one address: it is this machine's own.
    if (this.trusted === true) return isLoopback(remoteAddress) || remoteAddress === localAddress;
    return this.isListed(remoteAddress);
  }

  read({ socket, headers }: IncomingMessage): Asked {
    const peer = socket.remoteAddress ?? 'unknown';
    const forwarded = entriesOf(headers['x-forwarded-for']);
    const isSecure = 'encrypted' in socket;
    if (!this.believes(socket)) {
      if (forwarded.length > 0) this.doubt(peer);
      return { address: peer, forwardedHost: undefined, isSecure };
    }
    return {
      address: this.walk(peer, forwarded),
      forwardedHost: entriesOf(headers['x-forwarded-host']).at(-1),
      isSecure: isSecure || entriesOf(headers['x-forwarded-proto']).at(-1) === 'https',
    };
  }

  /** From the last entry, which the proxy itself wrote, back to the first that no believed proxy wrote; the client makes up those before it. */
  private walk(peer: string, forwarded: readonly string[]): string {
    let address = peer;
    for (const entry of forwarded.toReversed()) {
      const hop = addressIn(entry);
      if (hop === undefined) return address;
      address = hop;
      if (!(this.trusted === true ? isLoopback(hop) : this.isListed(hop))) return address;
    }
    return address;
  }

  private isListed(address: string): boolean {
    const plain = address.split('%')[0] ?? '';
    return isIP(plain) !== 0 && this.list.check(plain, isIP(plain) === 6 ? 'ipv6' : 'ipv4');
  }

  private add(text: string): void {
    const [address = '', bits, ...more] = text.split('/');
    const version = isIP(address);
    const most = version === 6 ? 128 : 32;
    const isRange = bits !== undefined;
    if (version === 0 || more.length > 0 || (isRange && (!/^\d{1,3}$/.test(bits) || Number(bits) > most))) {
      const what = `'${text}' is neither an address nor a range of addresses`;
      throw new TandemError('BAD_OPTION', what, 'give --trust-proxy some like 10.0.0.5, 10.0.0.0/8 or fd00::/8');
    }
    const family = version === 6 ? 'ipv6' : 'ipv4';
    if (isRange) this.list.addSubnet(address, Number(bits), family);
    else this.list.addAddress(address, family);
  }

  private doubt(peer: string): void {
    if (this.hasWarned) return;
    this.hasWarned = true;
    const proxy = peer.replace(/^::ffff:(?=\d+\.)/, '');
    const flag = this.trusted === false && isLoopback(peer) ? '--trust-proxy' : `--trust-proxy ${proxy}`;
    this.warn(
      `${proxy} says for whom it asks (X-Forwarded-For) and is not believed: limits count all that come through it as one. ` +
        `If it is a proxy of yours, start with ${flag}`,
    );
  }
}

function entriesOf(header: string | string[] | undefined): string[] {
  return String(header ?? '')
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}

/** Some proxies add the port, and brackets with it; undefined for what is no address. */
function addressIn(entry: string): string | undefined {
  const [, bracketed, withPort] = /^(?:\[([^\]]+)\](?::\d+)?|(\d[\d.]*):\d+)$/.exec(entry) ?? [];
  const address = bracketed ?? withPort ?? entry;
  return isIP(address) === 0 ? undefined : address;
}
