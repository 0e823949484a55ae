import { stat, readFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { ClientData, Dataset } from '../../../shared/data/dataset.js';
import { idxDataset, parseIdx } from '../../../shared/data/idx.js';
import { keepForTest, keptNote } from '../../../shared/data/test-share.js';
import { TandemError } from '../../../shared/errors.js';
import { withFile } from '../../../storage/file-trouble.js';
import type { NdArray } from '../../../shared/ndarray.js';

/**
 * Images and labels of idx files of your own, packed by gzip or not: a pair of files, of which one sample in five is kept
 * for testing, or a folder with the file names of MNIST. Pixels are scaled to 0..1; images of two dimensions get one
 * channel. Throws CANNOT_READ and BAD_DATA.
 */
export async function loadIdx(images = '', labels?: string): Promise<ClientData> {
  if (labels !== undefined) {
    const data = keepForTest(await loadPair(images, labels), undefined);
    return { ...data, notes: [`${images}: ${keptNote(data)}`] };
  }
  if (!(await isFolder(images))) {
    throw new TandemError('BAD_DATA', `${images} is no folder of idx files`, 'give idx:FOLDER or idx:IMAGES,LABELS');
  }
  const train = await loadPart(images, 'train');
  if (!train) {
    throw new TandemError(
      'BAD_DATA',
      `${images} has no train-images-idx3-ubyte and train-labels-idx1-ubyte`,
      'name the files as those of MNIST, or give idx:IMAGES,LABELS',
    );
  }
  const test = await loadPart(images, 't10k');
  return test ? { train, test } : { train };
}

async function isFolder(path: string): Promise<boolean> {
  return existsSync(path) && (await stat(path)).isDirectory();
}

async function loadPart(folder: string, part: string): Promise<Dataset | undefined> {
  const pair = idxPair(folder, part);
  return pair && loadPair(...pair);
}

/** The files of a part of MNIST, `train` or `t10k`, where both are there. */
export function idxPair(folder: string, part: string): readonly [images: string, labels: string] | undefined {
  const find = (name: string) =>
    [name, `${name}.gz`].map((file) => join(folder, file)).find((file) => existsSync(file));
  const [images, labels] = [find(`${part}-images-idx3-ubyte`), find(`${part}-labels-idx1-ubyte`)];
  return images !== undefined && labels !== undefined ? [images, labels] : undefined;
}

async function loadPair(imagesFile: string, labelsFile: string): Promise<Dataset> {
  return idxDataset(await idxFile(imagesFile), await idxFile(labelsFile));
}

/** One file, unpacked if need be. Throws CANNOT_READ and BAD_DATA. */
export async function idxFile(path: string): Promise<NdArray> {
  const bytes = await withFile('read', { path, flag: '--data' }, () => readFile(path));
  try {
    const packed = bytes[0] === 0x1f && bytes[1] === 0x8b;
    return parseIdx(packed ? gunzipSync(bytes) : bytes);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new TandemError('BAD_DATA', `${path} cannot be read: ${message}`, 'check the file');
  }
}
