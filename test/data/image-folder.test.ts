import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { encode } from 'jpeg-js';
import { PNG } from 'pngjs';
import { describe, expect, it } from 'vitest';
import { loadImageFolder } from '../../client/node/data/image-folder.js';
import { sortOutImages } from '../../shared/data/image-files.js';
import { folderOf as folder } from '../helpers/temp-files.js';

type Colour = readonly [number, number, number];

function pixels(width: number, height: number, [r, g, b]: Colour): Buffer {
  return Buffer.from(Array.from({ length: width * height }, (_, i) => [r + i, g, b, 77]).flat());
}

function png(width: number, height: number, colour: Colour): Buffer {
  const image = new PNG({ width, height });
  image.data = pixels(width, height, colour);
  return PNG.sync.write(image);
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
    await expect(loadImageFolder(root, { classes: ['z'] })).rejects.toMatchObject({
      message: /class 'y', which is none of the classes: the data have y, z/,
      action: 'the classes are z',
    });
  });

  it.each<[string, Record<string, Uint8Array>, RegExp]>([
    ['another size', { 'a/1.png': png(2, 3, [1, 2, 3]), 'a/2.png': png(3, 2, [1, 2, 3]) }, /2\.png is 2 x 3, .* 3 x 2/],
    ['a broken file', { 'a/1.png': png(2, 3, [1, 2, 3]).subarray(0, 40) }, /1\.png cannot be read/],
    ['a broken photograph', { 'a/1.jpg': Buffer.from('no') }, /1\.jpg cannot be read/],
    ['no images', { 'a/1.txt': Buffer.from('no') }, /has no folders with/],
  ])('is refused for %s', async (_what, files, message) => {
    await expect(loadImageFolder(await folder(files))).rejects.toMatchObject({ code: 'BAD_DATA', message });
  });

  it('follows links to folders and to files, and says what it left out', async () => {
    const one = png(2, 2, [1, 2, 3]);
    const root = await folder({
      'left/1.JPG': encode({ width: 2, height: 2, data: pixels(2, 2, [9, 9, 9]) }, 90).data,
      'left/.DS_Store': '-',
      'left/._1.JPG': '-',
      '__MACOSX/left/1.png': one,
      'left/@eaDir/1.png': one,
      'left/Thumbs.db': '-',
      'notes.txt': '-',
      'left/more.txt': '-',
    });
    const store = await folder({ 'other/2.png': one, 'a.png': one });
    await symlink(join(store, 'other'), join(root, 'right'));
    await symlink(join(store, 'a.png'), join(root, 'left', '7.png'));
    await symlink(root, join(root, 'left', 'round'));
    await expect(loadImageFolder(root)).resolves.toMatchObject({
      notes: [
        `${root}: 2 classes: left, right; none of 3 samples kept for testing, which begins at 20; 5 hidden files left out; 2 other files left out, such as left/more.txt`,
      ],
    });
    await mkdir(join(root, 'empty'));
    const { train, notes } = await loadImageFolder(root);
    expect(Array.from({ length: 3 }, (_, row) => train.label(row))).toEqual([0, 0, 1]);
    expect(notes?.[0]).toMatch(/no class for folders without pictures: empty/);
  });

  it('takes the numbers that folders are named by as labels', async () => {
    const one = png(2, 2, [1, 2, 3]);
    const { train } = await loadImageFolder(await folder({ '10/1.png': one, '9/1.png': one, '9/2.png': one }));
    expect(Array.from({ length: 3 }, (_, row) => train.label(row))).toEqual([10, 9, 9]);
  });

  it.each([
    [['Camera/1.jpg', 'Camera/2.jpg'], /Camera\/1\.jpg lies in 'Camera', where cameras put pictures of all kinds/],
    [['100APPLE/IMG_1.JPG', 'cats/1.jpg'], /lies in '100APPLE'/],
    [['cats/1.jpg', 'cover.png'], /cover\.png does not lie in <class>\/<image>/],
    [['cats/tabby/1.jpg', 'cats/2.jpg'], /tabby\/1\.jpg does not lie in/],
    [['train/a/1.png', 'test/a/1.png', 'b/1.png'], /b\/1\.png does not lie in train\/<class>/],
    [['cats/1.png', 'cats/2.HEIC'], /cats\/2\.HEIC is a picture that is neither PNG nor JPEG/],
    [['cats/1.png', 'dogs/2.webp'], /dogs\/2\.webp is a picture/],
    [['cats/.1.png', 'a/1.txt'], /has no folders with/],
  ])('%j is refused: nobody can tell the class', (paths, message) => {
    expect(() => sortOutImages(paths, 'here')).toThrow(
      expect.objectContaining({ code: 'BAD_DATA', message: expect.stringMatching(message) as string }),
    );
  });

  it('is in the order of names, whoever lists them, and knows an accent however it is written', () => {
    const paths = ['b-/1.png', 'b/1.png', 'cafe\u0301/2.png', 'caf\u00e9/1.png', 'B/1.png'];
    const order = (some: readonly string[]) =>
      sortOutImages(some, 'here').files.map(({ className, path }) => `${className} ${path}`);
    expect(order(paths)).toEqual(order([...paths].reverse()));
    expect(sortOutImages(paths, 'here').classNames).toEqual(['B', 'b', 'b-', 'caf\u00e9']);
  });
});
