import { existsSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import type { Plugin } from 'vitest/config';

const root = join(import.meta.dirname, '../..');

/** Gives a test what `npm run build` made of a file instead of the file. */
const findBuilt: Plugin = {
  name: 'built files',
  enforce: 'pre',
  resolveId(name, importer) {
    if (!name.startsWith('.') || importer === undefined) return null;
    const file = join(root, 'dist', relative(root, resolve(dirname(importer), name)));
    return existsSync(file) ? file : null;
  },
};

/**
 * What `npm test` tests is what it has built, as Node loads it: to translate each file for each worker takes longer than most
 * tests do, and what is translated computes more slowly. A test that is started alone reads the sources, built or not.
 */
export const builtFiles = process.env.TANDEM_BUILT
  ? {
      plugins: [findBuilt],
      // Node loads them itself.
      server: { deps: { external: [new RegExp(`^${join(root, 'dist/').replaceAll(/\W/g, '\\$&')}`)] } },
    }
  : { plugins: [], server: {} };
