/** Bundles the pages of web/ into dist/web, as `npm run build` does: one folder a page, with everything it needs. */
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Metafile, type Plugin } from 'esbuild';
import { forBrowsers } from './bundle.js';

/** What a page may begin with besides its script; a worker is a bundle of its own, beside it. */
const ENTRIES = ['page.ts', 'page.css', 'worker.ts', 'client.ts'];

/** What `@tensorflow/tfjs` brings along and nothing here uses: a third of what a worker would load. */
const withoutWebgl: Plugin = {
  name: 'without-webgl',
  setup(building) {
    const unused = /^@tensorflow\/tfjs-(backend-webgl|converter|data)$/;
    building.onResolve({ filter: unused }, ({ path }) => ({ path, namespace: 'unused' }));
    const versions = ['webgl', 'converter', 'data'].map((name) => `export const version_${name} = '';`);
    building.onLoad({ filter: unused, namespace: 'unused' }, () => ({ contents: versions.join('') }));
  },
};

/** Every folder of `web` with one of the entries is a page, or a script for pages of one's own. Answers their names. */
export async function buildPages(root: string, out = join(root, 'dist/web')): Promise<string[]> {
  const source = join(root, 'web');
  const folders = await readdir(source, { withFileTypes: true });
  const pages = folders.map(({ name }) => name).filter((name) => hasScript(join(source, name)));
  for (const name of pages) {
    const [from, to] = [join(source, name), join(out, name)];
    await rm(to, { recursive: true, force: true });
    await mkdir(to, { recursive: true });
    const { metafile } = await build({
      metafile: true,
      entryPoints: ENTRIES.map((entry) => join(from, entry)).filter(existsSync),
      outdir: to,
      ...forBrowsers,
      minify: true,
      legalComments: 'linked',
      logLevel: 'warning',
      plugins: [withoutWebgl],
    });
    if (existsSync(join(from, 'index.html'))) {
      const html = await readFile(join(from, 'index.html'), 'utf8');
      await writeFile(join(to, 'index.html'), withPreloads(html, metafile));
    }
    // What is bundled keeps its licence beside it.
    if (name === 'dashboard') await cp(join(root, 'node_modules/uplot/LICENSE'), join(to, 'uplot-license.txt'));
  }
  return pages;
}

/** Asks for all that the page's script imports at once: else a slow link waits for one after the other. */
function withPreloads(html: string, { outputs }: Metafile): string {
  const files = Object.entries(outputs);
  const found = new Set<string>();
  const follow = (file: string) => {
    const [, output] = files.find(([path]) => path === file) ?? [];
    for (const { path, kind } of output?.imports ?? []) {
      if (kind !== 'import-statement' || found.has(path)) continue;
      found.add(path);
      follow(path);
    }
  };
  for (const [path] of files.filter(([path]) => basename(path) === 'page.js')) follow(path);
  return html.replace(/( *)<script type="module" src="([^"]*)page\.js"/, (script, indent: string, folder: string) => {
    const links = [...found].map((path) => `${indent}<link rel="modulepreload" href="${folder}${basename(path)}" />`);
    return [...links, script].join('\n');
  });
}

function hasScript(folder: string): boolean {
  return ['page.ts', 'client.ts'].some((entry) => existsSync(join(folder, entry)));
}

// The package's root is two floors above dist/web, where this is compiled to.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await buildPages(fileURLToPath(new URL('../..', import.meta.url)));
}
