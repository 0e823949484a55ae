/** Bundles the pages of web/ into dist/web, as `npm run build` does: one folder a page, with everything it needs. */
import { cp, mkdir, readdir, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** What a page may begin with besides its script; a worker is a bundle of its own, beside it. */
const ENTRIES = ['page.ts', 'page.css', 'worker.ts'];

/** Every folder of `web` with an index.html is a page. Answers their names. */
export async function buildPages(root: string, out = join(root, 'dist/web')): Promise<string[]> {
  const source = join(root, 'web');
  const folders = await readdir(source, { withFileTypes: true });
  const pages = folders.filter(({ name }) => existsSync(join(source, name, 'index.html'))).map(({ name }) => name);
  for (const name of pages) {
    const [from, to] = [join(source, name), join(out, name)];
    await rm(to, { recursive: true, force: true });
    await mkdir(to, { recursive: true });
    await build({
      entryPoints: ENTRIES.map((entry) => join(from, entry)).filter(existsSync),
      outdir: to,
      bundle: true,
      splitting: true,
      format: 'esm',
      platform: 'browser',
      target: 'es2022',
      minify: true,
      legalComments: 'linked',
      logLevel: 'warning',
      external: ['node:*'],
    });
    await cp(join(from, 'index.html'), join(to, 'index.html'));
    // What is bundled keeps its licence beside it.
    if (name === 'dashboard') await cp(join(root, 'node_modules/uplot/LICENSE'), join(to, 'uplot-license.txt'));
  }
  return pages;
}

// The package's root is two floors above dist/web, where this is compiled to.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await buildPages(fileURLToPath(new URL('../..', import.meta.url)));
}
