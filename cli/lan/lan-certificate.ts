import { X509Certificate } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { withFile } from '../../storage/file-trouble.js';
import { makeFolder } from '../../storage/make-folder.js';
import { makeCertificate } from './make-certificate.js';

export interface LanCertificate {
  readonly tlsCert: string;
  readonly tlsKey: string;
  /** Whether it was made just now, so that no device trusts it yet. */
  readonly isNew: boolean;
}

/** Less than this many days left is made anew: nobody is to lose a device in the middle of a run. */
const LEAST_DAYS = 7;
const DAY_MS = 24 * 60 * 60 * 1000;

/** By what devices in the same network call this machine, and it itself. */
export function lanNames(addresses: readonly string[], host = hostname()): string[] {
  const short = (host.split('.')[0] ?? host).toLowerCase();
  return [...new Set([`${short}.local`, short, host.toLowerCase(), 'localhost', ...addresses, '127.0.0.1'])];
}

/**
 * The certificate that a folder keeps for this machine, so that a device that was told once to trust it goes on doing so; a new one
 * where there is none, or it ends soon, or lacks a name. Throws CANNOT_READ and CANNOT_WRITE.
 */
export async function lanCertificate(
  folder: string,
  names: readonly string[],
  nowMs = Date.now(),
): Promise<LanCertificate> {
  const [tlsCert, tlsKey] = [join(folder, 'tandem.crt'), join(folder, 'tandem.key')];
  const files = { tlsCert, tlsKey };
  // What is not there, or no certificate, is made.
  const pem = await readFile(tlsCert).catch(() => undefined);
  if (pem && isGood(pem, names, nowMs)) return { ...files, isNew: false };
  const { cert, key } = await makeCertificate(names, nowMs);
  await withFile('write', { path: folder }, async () => {
    await makeFolder(folder, 0o700);
    await writeFile(tlsKey, key, { mode: 0o600 });
    await writeFile(tlsCert, cert);
  });
  return { ...files, isNew: true };
}

function isGood(pem: Buffer, names: readonly string[], nowMs: number): boolean {
  try {
    const certificate = new X509Certificate(pem);
    const isTimely = Date.parse(certificate.validTo) - nowMs > LEAST_DAYS * DAY_MS;
    const has = (name: string) => (isIP(name) ? certificate.checkIP(name) : certificate.checkHost(name)) !== undefined;
    return isTimely && names.every(has);
  } catch {
    // Whatever lies there is no certificate, and is replaced.
    return false;
  }
}
