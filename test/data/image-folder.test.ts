import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { encode } from 'jpeg-js';
import { PNG } from 'pngjs';
import { describe, expect, it } from 'vitest';
import { loadImageFolder } from '../../client/node/data/image-folder.js';

type Colour = readonly [number, number, number];

function pixels(width: number, height: number, [r, g, b]: Colour): Buffer {
  return Buffer.from(Array.from({ length: width * height }, (_, i) => [r + i, g, b, 77]).flat());
}

function png(width: number, height: number, colour: Colour): Buffer {
  const image = new PNG({ width, height });
  image.data = pixels(width, height, colour);
  return PNG.sync.write(image);
}

async function folder(files: Record<string, Uint8Array>): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'tandem-'));
  for (const [name, bytes] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), bytes);
  }
  return root;
}

describe('a folder of images', () => {
  it('has a class for each folder, in colour or grey', async () => {
    const jpeg = encode({ width: 3, height: 2, data: pixels(3, 2, [90, 90, 90]) }, 100).data;
    const root = await folder({
      'dog/b.png': png(3, 2, [7, 20, 50]),
      'cat/a.jpg': jpeg,
      'dog/notes.txt': Buffer.from('-'),
    });
    const { train } = await loadImageFolder(root);
    const { inputs, labels } = await train.batch([1, 0]);
    expect(inputs[0]?.shape).toEqual([2, 2, 3, 3]);
    expect([...(labels[0]?.data ?? [])]).toEqual([1, 0]);
    const bytes = [...(inputs[0]?.data ?? [])].map((value) => Math.round(255 * value));
    expect(bytes.slice(0, 6)).toEqual([7, 20, 50, 8, 20, 50]);
    // JPEG does not keep values exactly.
    bytes.slice(18).forEach((value) => expect(Math.abs(value - 92)).toBeLessThan(8));

    const grey = await (await loadImageFolder(root, { channels: 1 })).train.batch([1]);
    expect(grey.inputs[0]?.shape).toEqual([1, 2, 3, 1]);
    expect(255 * (grey.inputs[0]?.data[0] ?? 0)).toBeCloseTo(Math.round(0.299 * 7 + 0.587 * 20 + 0.114 * 50), 4);
  });

  it('takes classes as given, and a folder to test on', async () => {
    const [a, b] = [png(2, 3, [1, 2, 3]), png(2, 3, [4, 5, 6])];
    const root = await folder({ 'train/y/1.png': a, 'train/z/1.png': b, 'test/z/9.PNG': b });
    const { train, test } = await loadImageFolder(root, { classes: ['z', 'x', 'y'] });
    expect([train.size, train.label(0), train.label(1), test?.size, test?.label(0)]).toEqual([2, 2, 0, 1, 0]);
    await expect(loadImageFolder(root, { classes: ['z'] })).rejects.toMatchObject({ message: /y is none of the cl/ });
  });

  it.each<[string, Record<string, Uint8Array>, RegExp]>([
    ['another size', { 'a/1.png': png(2, 3, [1, 2, 3]), 'a/2.png': png(3, 2, [1, 2, 3]) }, /2\.png is 2 x 3, .* 3 x 2/],
    ['a broken file', { 'a/1.png': png(2, 3, [1, 2, 3]).subarray(0, 40) }, /1\.png cannot be read/],
    ['a broken photograph', { 'a/1.jpg': Buffer.from('no') }, /1\.jpg cannot be read/],
    ['no images', { 'a/1.txt': Buffer.from('no') }, /has no folders with/],
  ])('is refused for %s', async (_what, files, message) => {
    await expect(loadImageFolder(await folder(files))).rejects.toMatchObject({ code: 'BAD_DATA', message });
  });
});
