import { ed25519, ed25519_hasher, x25519 } from '@noble/curves/ed25519.js';
import { describe, expect, it } from 'vitest';
import { createBlinder, javascriptBlinder, nativeBlinder, type Blinder } from '../../shared/alignment/blinder.js';
import { checkPoints, hashToPoints, POINT_BYTES } from '../../shared/alignment/points.js';
import { secretOrder } from '../../shared/alignment/secret-order.js';
import { seededWords } from './drive.js';

const ids = ['', '7', '007', 'Zoë 🦆', 'x'.repeat(700)];
const { Fp } = ed25519.Point;

function split(points: Uint8Array): Uint8Array[] {
  return Array.from({ length: points.length / POINT_BYTES }, (_, i) =>
    points.slice(i * POINT_BYTES, (i + 1) * POINT_BYTES),
  );
}

describe('ids as points', () => {
  const points = split(hashToPoints(ids, 'run 17'));

  it('are the hash to the curve of RFC 9380, in the coordinate of RFC 7748', () => {
    ids.forEach((id, i) => {
      const point = ed25519_hasher.hashToCurve(new TextEncoder().encode(`6:run 17:${id}`), {
        DST: 'tandem-alignment-v1_edwards25519_XMD:SHA-512_ELL2_RO_',
      });
      expect(points[i]).toEqual(ed25519.utils.toMontgomery(point.toBytes()));
    });
  });

  it('lie on the curve, not on its twist', () => {
    for (const point of points) {
      const u = Fp.fromBytes(point);
      const v2 = Fp.mul(u, Fp.add(Fp.mul(u, Fp.add(u, 486662n)), 1n));
      expect(() => Fp.sqrt(v2)).not.toThrow();
    }
    // Control: u = 2 is on the twist.
    expect(() => Fp.sqrt(2n * (2n * (2n + 486662n) + 1n))).toThrow();
  });

  it('differ by id, by salt, and by where the salt ends', () => {
    const all = [...points, ...split(hashToPoints(ids, 'run 18')), ...split(hashToPoints(['7:7'], 'run 1'))];
    expect(new Set(all.map(String)).size).toBe(2 * ids.length + 1);
  });
});

describe('a blinder', () => {
  const [a, b] = [x25519.utils.randomSecretKey(), x25519.utils.randomSecretKey()];
  const points = hashToPoints(ids, 'r');

  it('gives the same by either way of computing', async () => {
    const native = await nativeBlinder(a);
    expect(native?.kind).toBe('native');
    expect(await native?.blind(points)).toEqual(await javascriptBlinder(a).blind(points));
  });

  it('commutes with every other', async () => {
    const [one, other] = [javascriptBlinder(a), await createBlinder(b)];
    const way = await one.blind(await other.blind(points));
    expect(await other.blind(await one.blind(points))).toEqual(way);
    expect(split(way).some((point, i) => split(points)[i]?.every((byte, j) => byte === point[j]))).toBe(false);
  });

  it.each<[string, () => Promise<Blinder | undefined>]>([
    ['native', () => nativeBlinder(a)],
    ['javascript', async () => javascriptBlinder(a)],
  ])('refuses points of low order (%s)', async (_, open) => {
    const blinder = await open();
    for (const low of lowOrder) await expect(blinder?.blind(low)).rejects.toMatchObject({ code: 'BAD_VALUE' });
  });

  it('keeps no state between calls', async () => {
    const blinder = await createBlinder(b);
    const [first, second] = [await blinder.blind(points), await blinder.blind(points)];
    expect(second).toEqual(first);
  });
});

/** Every canonical u-coordinate of order 1, 2, 4 or 8, found from the curve rather than copied. */
const lowOrder = [0n, 1n, Fp.ORDER - 1n, ...orderEight()].map((u) => Fp.toBytes(u));

/** From the points of order 8 of edwards25519. */
function orderEight(): bigint[] {
  const torsion = [
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  ];
  return torsion.map((hex) => {
    const point = ed25519.Point.fromHex(hex);
    expect(point.multiplyUnsafe(4n).is0()).toBe(false);
    expect(point.double().double().double().is0()).toBe(true);
    return Fp.div(Fp.add(1n, point.y), Fp.sub(1n, point.y));
  });
}

describe('points from others', () => {
  const good = hashToPoints(['a', 'b', 'c'], 's');

  it('pass as X25519 gives them', () => {
    expect(() => {
      checkPoints(good, 'them');
    }).not.toThrow();
    const greatest = Fp.toBytes(Fp.ORDER - 2n);
    expect(() => {
      checkPoints(greatest, 'it');
    }).not.toThrow();
  });

  const withLast = (point: Uint8Array) => Uint8Array.from([...good, ...point]);
  it.each<[string, Uint8Array, string]>([
    ['none', new Uint8Array(), '0 bytes'],
    ['a part of one', good.subarray(0, 65), '65 bytes'],
    ...lowOrder.map((low, i): [string, Uint8Array, string] => [`low order ${i}`, withLast(low), 'point 3 of']),
    ['the field order', withLast(Uint8Array.from([0xed, ...Array<number>(30).fill(0xff), 0x7f])), 'point 3 of'],
    ['the top bit', withLast(Uint8Array.from([9, ...Array<number>(30).fill(0), 0x80])), 'point 3 of'],
  ])('are refused: %s', (_, bytes, message) => {
    expect(() => {
      checkPoints(bytes, 'them');
    }).toThrow(expect.objectContaining({ code: 'BAD_VALUE', message: expect.stringContaining(message) as string }));
  });
});

describe('a secret order', () => {
  it('is a permutation, of every length', () => {
    for (const length of [0, 1, 2, 3, 257, 20_001]) {
      const order = secretOrder(length);
      expect([...order].sort((x, y) => x - y)).toEqual(Array.from({ length }, (_, i) => i));
    }
  });

  it('has every permutation equally often', () => {
    const counts = new Map<string, number>();
    for (let seed = 0; seed < 6000; seed++) {
      const key = secretOrder(3, seededWords(seed, 0)).join();
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    // Chi-squared with 5 degrees of freedom: above 25.7 in one case of 10,000; the seeds are fixed.
    const chi = [...counts.values()].reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    expect(chi).toBeLessThan(25.7);
  });
});
