import { encode } from 'jpeg-js';
import { PNG } from 'pngjs';
import { describe, expect, it } from 'vitest';
import { decodeImage } from '../../shared/data/decode-image.js';
import { fitted } from '../../shared/data/picture.js';
import { createRng } from '../../shared/rng.js';
import { exifOf, pngFile, withExif } from '../helpers/png-files.js';

const kinds = [0, 2, 3, 4, 6].flatMap((colour) =>
  [1, 2, 4, 8, 16]
    .filter((depth) => depth > 7 || colour === 0 || colour === 3)
    .flatMap((depth) => (colour === 3 && depth === 16 ? [] : [[colour, depth] as const])),
);

/** The same file, with the pixels of a smaller one. */
function shortened(file: Uint8Array): Uint8Array {
  const other = pngFile({ width: 3, height: 1, depth: 8, colour: 0, sample: () => 1 });
  // The header ends after 33 bytes.
  return Buffer.concat([file.subarray(0, 33), other.subarray(33)]);
}

describe('a PNG', () => {
  it.each(kinds)('of colour type %i and depth %i is read as another decoder reads it', async (colour, depth) => {
    const seed = Math.floor(Math.random() * 1e6);
    const rng = createRng('png', seed, colour, depth);
    for (const interlaced of [false, true]) {
      const [width, height] = [1 + rng.int(19), 1 + rng.int(19)];
      const most = 2 ** depth;
      const samples = new Map<string, number>();
      const file = pngFile({
        width,
        height,
        depth,
        colour,
        interlaced,
        filter: () => rng.int(5),
        ...(colour === 3
          ? { palette: Array.from({ length: most }, () => [rng.int(256), rng.int(256), rng.int(256)] as const) }
          : {}),
        sample: (...at) => {
          const known = samples.get(at.join()) ?? rng.int(most);
          samples.set(at.join(), known);
          return known;
        },
      });
      const { data, ...size } = await decodeImage(file, 'x.png');
      const other = PNG.sync.read(Buffer.from(file));
      expect([size.width, size.height], `seed ${seed}`).toEqual([width, height]);
      expect(Buffer.from(data).equals(other.data), `seed ${seed}, interlaced ${interlaced}`).toBe(true);
    }
  });

  const grey = (more: object = {}) =>
    pngFile({ width: 3, height: 2, depth: 8, colour: 0, sample: (x, y) => 10 * y + x, ...more });

  it.each<[string, Uint8Array, RegExp]>([
    ['cut off', grey().subarray(0, -9), /x\.png cannot be read: it ends too early/],
    ['with a header that has changed', grey().map((byte, i) => (i === 19 ? 4 : byte)), /its part IHDR is broken/],
    ['with fewer lines than it says', shortened(grey()), /its pixels are broken/],
    ['of a depth that there is not', grey({ depth: 3 }), /type 0 with 3 bits/],
    ['without a palette', grey({ colour: 3 }), /it has no palette/],
    ['with a colour that is not in its palette', grey({ colour: 3, palette: [[1, 2, 3]] }), /that its palette lacks/],
  ])('%s is refused', async (_what, file, message) => {
    await expect(decodeImage(file, 'x.png')).rejects.toMatchObject({ code: 'BAD_DATA', message });
  });
});

describe('a picture', () => {
  // 0 1 2
  // 10 11 12
  const turned: Readonly<Record<number, readonly (readonly number[])[]>> = {
    1: [[0, 1, 2], [10, 11, 12]],
    2: [[2, 1, 0], [12, 11, 10]],
    3: [[12, 11, 10], [2, 1, 0]],
    4: [[10, 11, 12], [0, 1, 2]],
    5: [[0, 10], [1, 11], [2, 12]],
    6: [[10, 0], [11, 1], [12, 2]],
    7: [[12, 2], [11, 1], [10, 0]],
    8: [[2, 12], [1, 11], [0, 10]],
  }; // prettier-ignore

  it.each(Object.keys(turned).map(Number))('stands as a person sees it with orientation %i', async (orientation) => {
    const file = pngFile({ width: 3, height: 2, depth: 8, colour: 0, sample: (x, y) => 10 * y + x, orientation });
    const { width, height, data } = await decodeImage(file, 'x.png');
    const rows = Array.from({ length: height }, (_, y) =>
      Array.from({ length: width }, (_, x) => data[4 * (y * width + x)]),
    );
    expect(rows).toEqual(turned[orientation]);
  });

  it.each([true, false])('of a telephone is turned, little-endian %s', async (little) => {
    const data = Buffer.from(
      Array.from({ length: 16 * 8 }, (_, i) => (i % 16 < 8 ? [250, 250, 250, 255] : [5, 5, 5, 255])).flat(),
    );
    const jpeg = encode({ width: 16, height: 8, data }, 95).data;
    const { width, height, data: seen } = await decodeImage(withExif(jpeg, exifOf(6, little)), 'x.jpg');
    expect([width, height]).toEqual([8, 16]);
    expect([seen[4 * 8 * 2] ?? 0, seen[4 * 8 * 13] ?? 0].map((value) => value > 128)).toEqual([true, false]);
    const plain = await decodeImage(jpeg, 'named.png');
    expect([plain.width, plain.height]).toEqual([16, 8]);
  });

  const small = encode({ width: 8, height: 8, data: Buffer.alloc(256, 77) }, 90).data;
  it.each<[string, Uint8Array, RegExp]>([
    ['is a web page', Buffer.from('<html>'), /neither PNG nor JPEG inside/],
    ['is a WebP by the name of JPEG', Buffer.from('RIFF....WEBPVP8 '), /neither PNG nor JPEG inside/],
    [
      'is a JPEG for print',
      small.map((byte, i) => (small[i - 9] === 0xff && small[i - 8] === 0xc0 ? 4 : byte)),
      /4 colours, as in print/,
    ],
    [
      'is a JPEG of twelve bits',
      small.map((byte, i) => (small[i - 4] === 0xff && small[i - 3] === 0xc0 ? 12 : byte)),
      /12 bits a colour/,
    ],
    ['is a JPEG that ends early', small.subarray(0, 90), /cannot be read: it ends before its pixels/],
  ])('that %s is refused', async (_what, file, message) => {
    await expect(decodeImage(file, 'x.jpg')).rejects.toMatchObject({ code: 'BAD_DATA', message });
  });

  it('is brought to another size around its middle, each pixel the mean of what it covers', () => {
    const data = Uint8Array.from({ length: 4 * 12 * 4 }, (_, i) => (Math.floor(i / 4) % 12 < 6 ? 200 : 100));
    const { data: seen } = fitted({ width: 12, height: 4, data }, 2, 2);
    // Of the twelve columns the middle four count; the two on either side of the edge weigh alike.
    expect(Math.abs((seen[0] ?? 0) - 187.5)).toBeLessThanOrEqual(0.5);
    expect(Math.abs((seen[4] ?? 0) - 112.5)).toBeLessThanOrEqual(0.5);
    const even = fitted({ width: 9, height: 7, data: new Uint8Array(4 * 63).fill(91) }, 4, 5);
    expect(new Set(even.data)).toEqual(new Set([91]));
    expect(fitted({ width: 12, height: 4, data }, 12, 4).data).toBe(data);
  });
});
