import { mkdtemp } from 'node:fs/promises';
import { networkInterfaces, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { cacheFolder } from '../../storage/cache-folder.js';
import { lanCertificate, lanNames } from './lan-certificate.js';

/** What --lan decides where the person has not. */
export interface LanFlags {
  readonly host: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly entry?: string;
  readonly insecure?: boolean;
  readonly inviteLink: boolean;
}

export interface LanChoice extends LanFlags {
  readonly showCertificate: boolean;
}

/**
 * A server for devices in the same network: on all addresses of this machine, with a certificate of its own, and a link with invites. What is
 * given stays as it is. Throws CANNOT_WRITE.
 */
export async function forLan(
  flags: LanFlags,
  folder = join(cacheFolder(), 'lan'),
  addresses = outsideAddresses(),
): Promise<LanChoice> {
  const { host, entry, insecure = false } = flags;
  const isMade = flags.tlsCert === undefined && flags.tlsKey === undefined;
  const made = isMade ? await lanCertificate(folder, lanNames(addresses)) : undefined;
  const tls = made ? { tlsCert: made.tlsCert, tlsKey: made.tlsKey } : {};
  const isGuarded = entry !== undefined || !insecure;
  const invited = isGuarded
    ? { entry: entry ?? (await mkdtemp(join(tmpdir(), 'tandem-entry-'))), inviteLink: true }
    : {};
  return { ...flags, ...tls, ...invited, host: host === '127.0.0.1' ? '0.0.0.0' : host, showCertificate: isMade };
}

/** The shortest way by which a device comes to trust the certificate, a line each. */
export function trustLines(site: string, tlsCert: string): string[] {
  const file = new URL(`/certificate/${basename(tlsCert)}`, site).href;
  return [
    'each device says once that it does not know this server: choose Advanced there, then go on to the address',
    `an iPhone or iPad goes on to the page, too, but trains only when it trusts the certificate: open ${file} in Safari, install it under Settings, ` +
      'Profile Downloaded, then turn it on under Settings, General, About, Certificate Trust Settings',
  ];
}

/** IPv4 addresses by which other machines may reach this one. */
export function outsideAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return all.filter(({ family, internal }) => family === 'IPv4' && !internal).map(({ address }) => address);
}
