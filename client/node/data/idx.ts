import { stat, readFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { arrayDataset, splitForTest, type ClientData, type Dataset } from '../../../shared/data/dataset.js';
import { TandemError } from '../../../shared/errors.js';
import { int32, ndarray, sizeOf, type NdArray } from '../../../shared/ndarray.js';

const UNSIGNED_BYTE = 8;

/** Reads an idx file of bytes, the format MNIST came in (LeCun et al., 1998). Throws BAD_DATA. */
export function parseIdx(file: Uint8Array): NdArray {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const rank = file[3] ?? 0;
  const header = 4 + 4 * rank;
  if (file.length < header || view.getUint16(0) !== 0 || file[2] !== UNSIGNED_BYTE) {
    throw new TandemError('BAD_DATA', 'this is not an idx file of unsigned bytes', 'unpack it first if it ends in .gz');
  }
  const shape = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  if (file.length !== header + sizeOf(shape)) {
    throw new TandemError(
      'BAD_DATA',
      `an idx file of shape [${shape.join(', ')}] has ${file.length} bytes`,
      'copy it again',
    );
  }
  return ndarray('uint8', shape, file.subarray(header));
}

/**
 * Images and labels of idx files of your own, packed by gzip or not: a pair of files, of which one sample in five is kept
 * for testing, or a folder with the file names of MNIST. Pixels are scaled to 0..1; images of two dimensions get one
 * channel. Throws BAD_DATA.
 */
export async function loadIdx(images = '', labels?: string): Promise<ClientData> {
  if (labels !== undefined) return splitForTest(await loadPair(images, labels));
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
  const find = (name: string) =>
    [name, `${name}.gz`].map((file) => join(folder, file)).find((file) => existsSync(file));
  const [images, labels] = [find(`${part}-images-idx3-ubyte`), find(`${part}-labels-idx1-ubyte`)];
  return images && labels ? loadPair(images, labels) : undefined;
}

async function loadPair(imagesFile: string, labelsFile: string): Promise<Dataset> {
  const [images, labels] = [await readIdx(imagesFile), await readIdx(labelsFile)];
  const shape = images.shape.length === 3 ? [...images.shape, 1] : images.shape;
  return arrayDataset([ndarray('uint8', shape, images.data)], [int32(labels.shape, labels.data)], {
    uint8Scale: 1 / 255,
  });
}

async function readIdx(path: string): Promise<NdArray> {
  try {
    const bytes = await readFile(path);
    const packed = bytes[0] === 0x1f && bytes[1] === 0x8b;
    return parseIdx(packed ? gunzipSync(bytes) : bytes);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new TandemError('BAD_DATA', `${path} cannot be read: ${message}`, 'check the path and the file');
  }
}
