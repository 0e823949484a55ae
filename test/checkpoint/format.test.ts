import { readFile, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { decodeCheckpoint, encodeCheckpoint } from '../../shared/checkpoint/format.js';

const vectors = new URL('../vectors/checkpoint.hex', import.meta.url);

/** Every kind of leaf, with values that JSON alone would lose. */
const tree = {
  run: '5f0c1e0a – ç',
  steps: 313,
  numbers: [0.1, -0, NaN, Infinity, -Infinity, 2 ** 53 - 1, 5e-324],
  none: null,
  missing: undefined,
  flags: [true, false],
  empty: [[], {}, new Float32Array()],
  lanes: [
    {
      weights: [Float32Array.of(1.5, -0, NaN), Int32Array.of(-7, 2147483647)],
      slots: [[Float64Array.of(0.1, -1e300)], []],
    },
  ],
  frame: Uint8Array.of(3, 1, 4, 1, 5),
  view: new Uint8Array([9, 9, 2, 6, 9]).subarray(2, 4),
};
const { missing: _, ...expected } = tree;

describe('the checkpoint format', () => {
  it('gives back every bit', async () => {
    const decoded = await decodeCheckpoint(await encodeCheckpoint(tree));
    expect(decoded).toStrictEqual({ ...expected, view: Uint8Array.of(2, 6) });
  });

  it('reads a Buffer, which is a view on a larger one', async () => {
    const bytes = Buffer.concat([Buffer.alloc(16), await encodeCheckpoint(tree)]).subarray(16);
    expect(await decodeCheckpoint(bytes)).toStrictEqual({ ...expected, view: Uint8Array.of(2, 6) });
  });

  it('is the one of the golden bytes', async () => {
    const hex = Buffer.from(await encodeCheckpoint(tree))
      .toString('hex')
      .replace(/.{1,96}/g, '$&\n');
    if (process.env.UPDATE_VECTORS) await writeFile(vectors, hex);
    expect(hex).toBe(await readFile(vectors, 'utf8'));
  });

  it('notices every flipped bit and every cut', async () => {
    const bytes = await encodeCheckpoint({ step: 7, weights: Float32Array.of(0.5, -3) });
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = new Uint8Array(bytes);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      // The version is looked at before the hash: another version may hash otherwise.
      const version = bit >> 3 === 4;
      await expect(decodeCheckpoint(flipped), `bit ${bit}`).rejects.toMatchObject({
        code: version ? 'BAD_VERSION' : 'BAD_DATA',
      });
    }
    for (let length = 0; length < bytes.length; length++) {
      await expect(decodeCheckpoint(bytes.subarray(0, length)), `${length} bytes`).rejects.toMatchObject({
        code: 'BAD_DATA',
      });
    }
  });

  it.each([new Map(), () => 3, new Date(3), { $: 3 }, 3n])('refuses %s, which is no plain data', async (value) => {
    expect(() => encodeCheckpoint({ deep: [value] })).toThrow(/a checkpoint cannot hold it\.deep\[0\]/);
  });

  it('reads the tree before it returns', async () => {
    const weights = Float32Array.of(3, 5);
    const encoding = encodeCheckpoint({ weights });
    weights.fill(0);
    expect(await decodeCheckpoint(await encoding)).toEqual({ weights: Float32Array.of(3, 5) });
  });
});
