import type { EntryKey } from '../ticket-exchange.js';

/**
 * A key pair that lives as long as the page: enough to come back after a lost link with an invite that is good for one use.
 * The browser keeps the private half where it has Ed25519; pages without TLS have no such keys, and make one here.
 */
export async function newEntryKey(): Promise<EntryKey> {
  // A browser without Ed25519 comes in with the invite alone.
  const pair = await newKeyPair().catch(() => undefined);
  return pair ? entryKeyOf(pair) : javascriptKey();
}

/** Whose private half nobody can read, and which a database of the browser can keep. Throws where the browser has no Ed25519. */
export async function newKeyPair(): Promise<CryptoKeyPair> {
  return globalThis.crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify']);
}

export async function entryKeyOf({ privateKey, publicKey }: CryptoKeyPair): Promise<EntryKey> {
  const { subtle } = globalThis.crypto;
  const x = base64url(new Uint8Array(await subtle.exportKey('raw', publicKey)));
  const sign = async (bytes: Uint8Array) =>
    base64url(new Uint8Array(await subtle.sign('Ed25519', privateKey, new Uint8Array(bytes))));
  return { x, sign };
}

async function javascriptKey(): Promise<EntryKey> {
  const { ed25519 } = await import('@noble/curves/ed25519.js');
  const { secretKey, publicKey } = ed25519.keygen();
  return { x: base64url(publicKey), sign: async (bytes) => base64url(ed25519.sign(bytes, secretKey)) };
}

function base64url(bytes: Uint8Array): string {
  const text = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
  return text.replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
}
