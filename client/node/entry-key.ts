import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { TandemError } from '../../shared/errors.js';
import { fileTrouble } from '../../storage/file-trouble.js';
import type { EntryKey } from '../ticket-exchange.js';

/** A key pair that lives as long as the process: enough to come back after a lost link. */
export function newEntryKey(): EntryKey {
  return entryKey(generateKeyPairSync('ed25519').privateKey);
}

/** Writes a new private key, readable by its owner only, and never over another file. Throws BAD_OPTION and CANNOT_WRITE. */
export async function writeEntryKey(file: string): Promise<EntryKey> {
  const { privateKey } = generateKeyPairSync('ed25519');
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
  try {
    await writeFile(file, pem, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST')
      throw fileTrouble(error, 'write', { path: file, flag: '--out' });
    throw new TandemError('BAD_OPTION', `cannot write ${file}: there is a file already`, 'choose another --out');
  }
  return entryKey(privateKey);
}

/** Reads a private key. Throws CANNOT_READ, and BAD_OPTION for one that others may read, or that is no Ed25519 key. */
export async function readEntryKey(file: string): Promise<EntryKey> {
  let pem: string;
  try {
    const { mode } = await stat(file);
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      throw new TandemError('BAD_OPTION', `the key ${file} can be read by others`, `chmod 600 ${file}`);
    }
    pem = await readFile(file, 'utf8');
  } catch (error) {
    throw fileTrouble(error, 'read', { path: file, flag: '--key' });
  }
  const key = parse(pem);
  if (key?.asymmetricKeyType === 'ed25519') return entryKey(key);
  throw new TandemError('BAD_OPTION', `${file} holds no Ed25519 private key`, 'make one with: tandem keygen');
}

function parse(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem);
  } catch {
    // What cannot be read as a key is none, which the caller says.
    return undefined;
  }
}

function entryKey(privateKey: KeyObject): EntryKey {
  const { x } = createPublicKey(privateKey).export({ format: 'jwk' });
  if (x === undefined) throw new TandemError('INTERNAL', 'an Ed25519 key has no public half');
  return { x, sign: async (bytes) => sign(null, bytes, privateKey).toString('base64url') };
}
