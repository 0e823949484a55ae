import { TandemError } from '../errors.js';
import { ALIGNMENT, flatten, padded, unflatten } from './plain-tree.js';

/**
 * A checkpoint as bytes:
 *
 *     0   4  magic "TNDC"
 *     4   1  version of this format, raised with anything that makes an older checkpoint unreadable: its layout, what is in it, the protocol of the
 *            messages in it
 *     5   3  zeros
 *     8  32  SHA-256 of everything after it
 *    40   4  length of the JSON, little-endian
 *    44   4  zeros
 *    48      JSON in UTF-8, then the arrays, each padded with zeros to a multiple of 8; all values little-endian
 */
export const CHECKPOINT_VERSION = 3;
const MAGIC = [0x54, 0x4e, 0x44, 0x43];
const HASH_AT = 8;
const BODY_AT = 40;
const JSON_AT = 48;

/** `tree` is plain data with typed arrays as leaves; it is read before this returns, so it may change afterwards. */
export function encodeCheckpoint(tree: unknown): Promise<Uint8Array> {
  const { json, arrays } = flatten(tree);
  const text = new TextEncoder().encode(json);
  const size = arrays.reduce((sum, array) => sum + padded(array.length), JSON_AT + padded(text.length));
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  bytes.set(MAGIC);
  view.setUint8(4, CHECKPOINT_VERSION);
  view.setUint32(BODY_AT, text.length, true);
  bytes.set(text, JSON_AT);
  let at = JSON_AT + padded(text.length);
  for (const array of arrays) {
    bytes.set(array, at);
    at += padded(array.length);
  }
  return sealed(bytes);
}

/** Throws BAD_DATA when a single bit is not as it was written, BAD_VERSION for another version of the format. */
export async function decodeCheckpoint(bytes: Uint8Array): Promise<unknown> {
  if (bytes.length < JSON_AT || bytes.length % ALIGNMENT !== 0 || MAGIC.some((byte, i) => bytes[i] !== byte)) {
    throw new TandemError('BAD_DATA', `${bytes.length} bytes are no checkpoint`, 'use the generation before it');
  }
  const version = bytes[4];
  // Before the hash: another version may hash otherwise.
  if (version !== CHECKPOINT_VERSION) {
    const what = `a checkpoint of format ${version}, and this Tandem reads format ${CHECKPOINT_VERSION}`;
    throw new TandemError('BAD_VERSION', what, 'use the Tandem that wrote it');
  }
  const hash = await sha256(bytes.subarray(BODY_AT));
  if (hash.some((byte, i) => bytes[HASH_AT + i] !== byte) || bytes.subarray(5, HASH_AT).some((byte) => byte !== 0)) {
    throw new TandemError('BAD_DATA', 'a checkpoint is torn or was changed', 'use the generation before it');
  }
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(BODY_AT, true);
  const json = new TextDecoder().decode(bytes.subarray(JSON_AT, JSON_AT + length));
  return unflatten(json, bytes.subarray(JSON_AT + padded(length)));
}

async function sealed(bytes: Uint8Array): Promise<Uint8Array> {
  bytes.set(await sha256(bytes.subarray(BODY_AT)), HASH_AT);
  return bytes;
}

/** Off this thread in Node, and several times faster than a hash in JavaScript. */
async function sha256(bytes: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>));
}
