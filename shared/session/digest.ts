/**
 * A running digest of a session's messages: 64 bits that tell whether two sides have seen the same ones. It finds what was
 * computed differently; it is no protection against somebody who wants to deceive.
 */
export type Digest = readonly [number, number];

export const noDigest: Digest = [0x2545f491, 0x4f6cdd1d];

/** The digest after one more message. */
export function extend([first, second]: Digest, message: Uint8Array): Digest {
  let a = first ^ message.length;
  // Both stay within 32 bits: a sum beyond them is another kind of number, for which what was compiled is thrown away again and again.
  let b = second | 0;
  const whole = message.length - (message.length % 4);
  const words = aligned(message, whole);
  // By index: an iterator takes many times as long where buffers of several kinds have come by.
  for (let i = 0, end = whole / 4; i < end; i++) {
    const word = words[i] as number;
    a = Math.imul(a ^ word, 0x9e3779b1);
    a ^= a >>> 15;
    b = (Math.imul((b << 13) | (b >>> 19), 5) + (a ^ word)) | 0;
  }
  for (let i = whole; i < message.length; i++) {
    a = Math.imul(a ^ (message[i] ?? 0), 0x85ebca6b);
    b = (Math.imul((b << 13) | (b >>> 19), 5) + a) | 0;
  }
  return [Math.imul(a ^ (a >>> 13), 0xc2b2ae35) ^ b, Math.imul(b ^ (b >>> 16), 0x27d4eb2f) ^ a];
}

export function digestText(digest: Digest): string {
  return digest.map((half) => (half >>> 0).toString(16).padStart(8, '0')).join('');
}

function aligned(bytes: Uint8Array, length: number): Int32Array {
  const start = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes);
  return new Int32Array(start.buffer, start.byteOffset, length / 4);
}
