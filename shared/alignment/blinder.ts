import { x25519 } from '@noble/curves/ed25519.js';
import { TandemError } from '../errors.js';
import { nextTurn } from '../next-turn.js';
import { POINT_BYTES } from './points.js';

const POINTS_AT_ONCE = 64;

/** Multiplies points by a secret that never leaves it. The order of two blinders makes no difference to what comes out. */
export interface Blinder {
  /** What computes: the platform's X25519, or JavaScript, which takes about twenty times as long. */
  readonly kind: 'native' | 'javascript';
  /** As many points as came in, in their order. Throws BAD_VALUE at one of low order. */
  blind(points: Uint8Array): Promise<Uint8Array>;
}

export function newSecret(): Uint8Array {
  return x25519.utils.randomSecretKey();
}

/** A blinder with a fresh secret: WebCrypto's X25519 where it is there and right, otherwise that of @noble/curves. */
export async function createBlinder(secret = newSecret()): Promise<Blinder> {
  const native = await nativeBlinder(secret);
  return native ?? javascriptBlinder(secret);
}

export function javascriptBlinder(secret: Uint8Array): Blinder {
  return {
    kind: 'javascript',
    blind: async (points) => {
      const blinded = new Uint8Array(points.length);
      for (let at = 0; at < points.length; at += POINT_BYTES) {
        // A page and its heartbeats go on meanwhile.
        if (at % (POINTS_AT_ONCE * POINT_BYTES) === 0) await nextTurn();
        blinded.set(multiply(secret, points.slice(at, at + POINT_BYTES)), at);
      }
      return blinded;
    },
  };
}

/** Undefined where the platform has none: pages without TLS have no WebCrypto, and older browsers no X25519. */
export async function nativeBlinder(secret: Uint8Array): Promise<Blinder | undefined> {
  const subtle = (globalThis.crypto as Crypto | undefined)?.subtle;
  try {
    if (!subtle) return undefined;
    const key = await subtle.importKey('pkcs8', pkcs8(secret), 'X25519', false, ['deriveBits']);
    const one = async (point: Uint8Array) => {
      const given = await subtle.importKey('raw', new Uint8Array(point), 'X25519', true, []);
      return new Uint8Array(await subtle.deriveBits({ name: 'X25519', public: given }, key, POINT_BYTES * 8));
    };
    const probe = x25519.GuBytes;
    const [found, expected] = [await one(probe), multiply(secret, probe)];
    if (found.some((byte, i) => byte !== expected[i])) return undefined;
    return { kind: 'native', blind: (points) => blindAll(points, one) };
  } catch {
    // Runtimes without it fall back to the other curve code.
    return undefined;
  }
}

async function blindAll(points: Uint8Array, one: (point: Uint8Array) => Promise<Uint8Array>): Promise<Uint8Array> {
  const blinded = new Uint8Array(points.length);
  const starts = Array.from({ length: points.length / POINT_BYTES }, (_, i) => i * POINT_BYTES);
  await Promise.all(
    starts.map(async (at) => {
      const point = await one(points.subarray(at, at + POINT_BYTES)).catch(lowOrder);
      // A platform may answer zeros instead of failing.
      blinded.set(point.some((byte) => byte !== 0) ? point : lowOrder(), at);
    }),
  );
  return blinded;
}

function multiply(secret: Uint8Array, point: Uint8Array): Uint8Array {
  try {
    return x25519.getSharedSecret(secret, point);
  } catch {
    // What is no point of the curve is refused like one of low order.
    return lowOrder();
  }
}

function lowOrder(): never {
  throw new TandemError('BAD_VALUE', 'a point to blind is of low order', 'see docs/alignment.md');
}

/** The secret as PKCS #8 has it (RFC 8410): a fixed beginning and 32 bytes. */
function pkcs8(secret: Uint8Array): Uint8Array<ArrayBuffer> {
  const start = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x6e, 4, 0x22, 4, 0x20];
  return Uint8Array.from([...start, ...secret]);
}
