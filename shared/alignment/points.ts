import { FpInvertBatch } from '@noble/curves/abstract/modular.js';
import { ed25519, ed25519_hasher } from '@noble/curves/ed25519.js';
import { TandemError } from '../errors.js';

/** A point of Curve25519 as its u-coordinate, little-endian (RFC 7748). */
export const POINT_BYTES = 32;

/** Says that these hashes serve this purpose and no other (RFC 9380, section 3.1). */
const DOMAIN = 'tandem-alignment-v1_edwards25519_XMD:SHA-512_ELL2_RO_';

const { Fp } = ed25519.Point;

/**
 * Ids as points nobody knows a logarithm of: hash to edwards25519 (RFC 9380), then to Curve25519 (RFC 7748, section 4.1).
 * The salt keeps runs apart. Every point lies on the curve, none on its twist, so a point's side tells nothing.
 */
export function hashToPoints(ids: readonly string[], salt: string): Uint8Array {
  const encoder = new TextEncoder();
  const points = ids.map((id) =>
    ed25519_hasher.hashToCurve(encoder.encode(`${salt.length}:${salt}:${id}`), { DST: DOMAIN }),
  );
  // u = (1 + y) / (1 - y); one inversion for all of them.
  const inverses = FpInvertBatch(
    Fp,
    points.map(({ Y, Z }) => Fp.sub(Z, Y)),
  );
  const bytes = new Uint8Array(points.length * POINT_BYTES);
  points.forEach(({ Y, Z }, i) => {
    bytes.set(Fp.toBytes(Fp.mul(Fp.add(Z, Y), inverses[i] ?? 0n)), i * POINT_BYTES);
  });
  return bytes;
}

/**
 * Throws BAD_VALUE unless bytes are whole points in canonical form and none is of low order: those give the same result
 * whatever the secret is, and the next party's X25519 would fail at them.
 */
export function checkPoints(bytes: Uint8Array, what: string): void {
  if (bytes.length === 0 || bytes.length % POINT_BYTES !== 0) {
    throw new TandemError('BAD_VALUE', `${what} are ${bytes.length} bytes, not a number of points`, POINT_ACTION);
  }
  for (let at = 0; at < bytes.length; at += POINT_BYTES) {
    const point = bytes.subarray(at, at + POINT_BYTES);
    if (!isCanonical(point) || lowOrder.some((low) => equal(low, point))) {
      const index = at / POINT_BYTES;
      throw new TandemError('BAD_VALUE', `point ${index} of ${what} is none that X25519 gives`, POINT_ACTION);
    }
  }
}

const POINT_ACTION = 'send points as docs/alignment.md describes';

/** Below 2^255 - 19. */
function isCanonical(point: Uint8Array): boolean {
  if ((point[31] ?? 0) !== 0x7f) return (point[31] ?? 0) < 0x7f;
  for (let i = 30; i > 0; i--) if (point[i] !== 0xff) return true;
  return (point[0] ?? 0) < 0xed;
}

/** The u-coordinates of the points of order 1, 2, 4 and 8 on the curve and its twist (Bernstein, Curve25519, 2006). */
const lowOrder: readonly Uint8Array[] = [
  0n,
  1n,
  325606250916557431795983626356110631294008115727848805560023387167927233504n,
  39382357235489614581723060781553021112529911719440698176882885853963445705823n,
  Fp.ORDER - 1n,
].map((u) => Fp.toBytes(u));

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.every((byte, i) => byte === b[i]);
}
