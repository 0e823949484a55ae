import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { TandemError } from '../../shared/errors.js';
import { fileTrouble } from '../../storage/file-trouble.js';
import { isLoopback } from './address.js';

export interface Tls {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** Reads a certificate with its key. Throws CANNOT_READ, and BAD_OPTION when one is missing, or the two are no pair. */
export async function readTls(certFile: string | undefined, keyFile: string | undefined): Promise<Tls | null> {
  if (certFile === undefined && keyFile === undefined) return null;
  if (certFile === undefined || keyFile === undefined) {
    throw new TandemError('BAD_OPTION', 'TLS needs a certificate and its key', 'give both --tls-cert and --tls-key');
  }
  const [cert, key] = await Promise.all([readPem(certFile), readPem(keyFile)]);
  try {
    createSecureContext({ cert, key });
  } catch {
    // OpenSSL's message may say more about the key than a log should.
    const what = `${certFile} and ${keyFile} are not a certificate and its key in PEM`;
    throw new TandemError(
      'BAD_OPTION',
      what,
      'give the files your certificate authority gave you, or see docs/operations.md',
    );
  }
  return { cert, key };
}

/** Beyond this machine a server needs TLS and tickets, unless options say otherwise. Throws BAD_OPTION. */
export function checkExposure(host: string, secured: { tls: boolean; entry: boolean; insecure: boolean }): void {
  if (isLoopback(host) || secured.insecure) return;
  const missing = [
    ...(secured.tls ? [] : ['TLS (--tls-cert, --tls-key)']),
    ...(secured.entry ? [] : ['tickets (--entry)']),
  ];
  if (missing.length === 0) return;
  throw new TandemError(
    'BAD_OPTION',
    `${host} can be reached from other machines, and the server has no ${missing.join(' and no ')}`,
    'add what is missing, or say --insecure in a network you trust and behind a proxy that does it',
  );
}

async function readPem(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw fileTrouble(error, 'read', { path: file, flag: '--tls-cert or --tls-key' });
  }
}
