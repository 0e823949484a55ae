import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { decode as decodeJpeg } from 'jpeg-js';
import { PNG } from 'pngjs';
import { splitForTest, type ClientData, type Dataset } from '../../../shared/data/dataset.js';
import { channelsOf, imageSet, type LabelledImage } from '../../../shared/data/image-set.js';
import { TandemError } from '../../../shared/errors.js';
import { withFile } from '../../../storage/file-trouble.js';

export interface ImageFolderOptions {
  /** The names of the classes in order; by default the folders' names, sorted. Clients must agree on them. */
  readonly classes?: readonly string[];
  /** 3 for red, green and blue, 1 for grey. */
  readonly channels?: 1 | 3;
  /** Without a folder `test`: one image in so many is kept for testing. */
  readonly testEvery?: number;
}

/**
 * Images as `folder/<class>/*.png|jpg|jpeg`, or `folder/train/<class>` and `folder/test/<class>`. Inputs [height, width,
 * channels] from 0 to 1, kept as bytes in memory; transparency is left out. Throws CANNOT_READ, and BAD_DATA that names the
 * file that is no image or has another size.
 */
export async function loadImageFolder(
  folder: string,
  { classes, channels = 3, testEvery }: ImageFolderOptions = {},
): Promise<ClientData> {
  const parts = await foldersIn(folder);
  if (!parts.includes('train') || !parts.includes('test')) {
    return splitForTest(await loadPart(folder, classes ?? parts, channels), testEvery);
  }
  const names = classes ?? (await foldersIn(join(folder, 'train')));
  const train = await loadPart(join(folder, 'train'), names, channels);
  return { train, test: await loadPart(join(folder, 'test'), names, channels) };
}

async function loadPart(folder: string, classes: readonly string[], channels: number): Promise<Dataset> {
  const images: LabelledImage[] = [];
  let size: readonly [number, number] | undefined;
  for (const name of await foldersIn(folder)) {
    const label = classes.indexOf(name);
    if (label < 0) throw bad(`${join(folder, name)} is none of the classes`, `the classes are ${classes.join(', ')}`);
    for (const file of (await withFile('read', { path: join(folder, name) }, () => readdir(join(folder, name))))
      .filter((each) => decoderOf(each))
      .sort()) {
      const path = join(folder, name, file);
      const { height, width, data } = await readImage(path);
      size ??= [height, width];
      if (size[0] !== height || size[1] !== width) {
        throw bad(`${path} is ${height} x ${width}, those before it ${size.join(' x ')}`, 'bring all to one size');
      }
      images.push({ pixels: channelsOf(data, channels), label });
    }
  }
  if (!size) throw bad(`${folder} has no folders with .png, .jpg or .jpeg images`, 'give folder/<class>/<image>');
  return imageSet(images, [...size, channels]);
}

interface Rgba {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

function decoderOf(file: string): ((bytes: Buffer) => Rgba) | undefined {
  const extension = extname(file).toLowerCase();
  if (extension === '.png') return (bytes) => PNG.sync.read(bytes);
  if (extension === '.jpg' || extension === '.jpeg') return (bytes) => decodeJpeg(bytes, { useTArray: true });
  return undefined;
}

async function readImage(path: string): Promise<Rgba> {
  const bytes = await withFile('read', { path, flag: '--data' }, () => readFile(path));
  try {
    const image = decoderOf(path)?.(bytes);
    if (image) return image;
  } catch (error) {
    throw bad(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`, 'check the file');
  }
  throw bad(`${path} is neither PNG nor JPEG`, 'check the file');
}

async function foldersIn(folder: string): Promise<string[]> {
  const place = { path: folder, flag: '--data' };
  const entries = await withFile('read', place, () => readdir(folder, { withFileTypes: true }));
  return entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])).sort();
}

function bad(message: string, action: string): TandemError {
  return new TandemError('BAD_DATA', message, action);
}
