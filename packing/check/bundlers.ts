import { cp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { chromium, type Browser } from 'playwright-core';
import ts from 'typescript';
import { emptyProject, megabytes, root, run, start, type Background, type Workplace } from './workplace.js';

const executablePath = process.env.TANDEM_CHROMIUM ?? '/usr/bin/chromium';
const PORT = 20795;
const STEPS = 6;

/** What bundles the example's two scripts, after TypeScript has taken their types away. */
const PLAIN = {
  esbuild:
    'npx esbuild main.js worker.js --bundle --splitting --format=esm --platform=browser --target=es2022 --external:node:* --outdir=out',
  rollup: 'npx rollup -c rollup.config.js',
  webpack: 'npx webpack --config webpack.config.js',
} as const;

const CONFIGS = {
  'rollup.config.js': `
import resolve from '@rollup/plugin-node-resolve';
import commonjs from '@rollup/plugin-commonjs';
export default {
  input: ['main.js', 'worker.js'],
  output: { dir: 'out', format: 'es' },
  plugins: [resolve({ browser: true }), commonjs()],
};
`,
  'webpack.config.js': `
export default {
  mode: 'production',
  entry: './main.js',
  output: { path: import.meta.dirname + '/out', filename: 'main.js' },
};
`,
};
const PACKAGES = [
  'vite@8',
  'webpack@5',
  'webpack-cli',
  'rollup@4',
  '@rollup/plugin-node-resolve',
  '@rollup/plugin-commonjs',
  'esbuild',
];

export interface BundlerCheck {
  readonly name: string;
  /** What the page said at the end, in Chromium. */
  readonly says: string;
  readonly warnings: readonly string[];
  /** Of all that is built; null for a development server. */
  readonly megabytes: number | null;
  /** Of one visit until the end of the run, without data and model: what is built as gzip makes it, the rest as the Tandem server sends it. */
  readonly visitMegabytes: number | null;
  readonly large: Readonly<Record<string, number>>;
}

/** The example of a page of one's own, by each bundler from one installed folder, until it has trained in Chromium. */
export async function checkBundlers(place: Workplace, wanted: RegExp): Promise<BundlerCheck[]> {
  const folder = await emptyProject(place, 'bundlers');
  await run(place, folder, 'npm', ['install', place.tarball, ...PACKAGES]);
  await copyExample(folder);
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
  const done: BundlerCheck[] = [];
  try {
    if (wanted.test('Vite dev')) {
      const vite = ['npx', 'vite', '--port', '20796', '--strictPort', '--host', '127.0.0.1'];
      const server = await start(place, folder, vite, /ready in/);
      try {
        const { says } = await trainAt(place, browser, 'http://127.0.0.1:20796');
        done.push({ name: 'Vite dev', says, warnings: [], megabytes: null, visitMegabytes: null, large: {} });
      } finally {
        await server.close();
      }
    }
    const builds = { 'Vite build': 'npx vite build --outDir out', ...PLAIN };
    for (const [name, command] of Object.entries(builds)) {
      if (wanted.test(name)) done.push(await build(place, folder, browser, name, command));
    }
  } finally {
    await browser.close();
  }
  return done;
}

async function copyExample(folder: string): Promise<void> {
  const example = join(root, 'examples/browser/vite');
  for (const file of ['index.html', 'main.ts', 'worker.ts', 'vite.config.js'])
    await cp(join(example, file), join(folder, file));
  for (const name of ['main', 'worker']) {
    const text = await readFile(join(example, `${name}.ts`), 'utf8');
    const options = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext };
    const { outputText } = ts.transpileModule(text, { compilerOptions: options });
    await writeFile(join(folder, `${name}.js`), outputText.replaceAll('./worker.ts', './worker.js'));
  }
  for (const [file, text] of Object.entries(CONFIGS)) await writeFile(join(folder, file), text);
}

async function build(
  place: Workplace,
  folder: string,
  browser: Browser,
  name: string,
  command: string,
): Promise<BundlerCheck> {
  const out = join(folder, 'out');
  await rm(out, { recursive: true, force: true });
  const { stdout, stderr } = await run(place, folder, 'sh', ['-c', command]);
  if (name !== 'Vite build') {
    const html = await readFile(join(folder, 'index.html'), 'utf8');
    await writeFile(join(out, 'index.html'), html.replace('main.ts', 'main.js'));
  }
  const files = (await readdir(out, { recursive: true })).filter((file) => extname(file) !== '');
  const sizes = await Promise.all(files.map(async (file) => [file, (await stat(join(out, file))).size] as const));
  const site = await serveFolder(out);
  try {
    const { says, loaded, serverBytes } = await trainAt(place, browser, site.url);
    const own = await Promise.all(loaded.map(async (file) => gzipSync(await readFile(join(out, file))).length));
    return {
      name,
      says,
      warnings: `${stdout}\n${stderr}`.split('\n').filter((line) => /\bwarn|externalized|at runtime/i.test(line)),
      megabytes: await megabytes(folder, 'out'),
      visitMegabytes: Number((own.reduce((sum, bytes) => sum + bytes, serverBytes) / 1e6).toFixed(1)),
      large: Object.fromEntries(sizes.filter(([, size]) => size > 200_000)),
    };
  } finally {
    await site.close();
  }
}

interface TrainedPage {
  /** At the end. */
  readonly says: string;
  /** Of the site's files. */
  readonly loaded: readonly string[];
  /** From the Tandem server, but for data. */
  readonly serverBytes: number;
}

/** Trains by the example's button. */
async function trainAt(place: Workplace, browser: Browser, site: string): Promise<TrainedPage> {
  const tandem = join(place.folder, 'bundlers/node_modules/.bin/tandem');
  const settings = ['--task', 'mnist', '--clients', '1', '--steps', String(STEPS), '--batch', '11', '--limit', '60'];
  const network = ['--port', String(PORT), '--offer-data', place.digits, '--allow-origin', new URL(site).origin];
  const server = await start(place, place.folder, [tandem, 'serve', ...settings, ...network], /\/join/);
  const page = await browser.newPage();
  const loaded = new Set<string>();
  const sizes: Promise<number>[] = [];
  page.on('requestfinished', (request) => {
    const { origin, pathname } = new URL(request.url());
    if (origin === site) loaded.add(pathname === '/' ? 'index.html' : pathname);
    else if (!pathname.startsWith('/data/'))
      sizes.push(
        request.sizes().then(
          ({ responseBodySize }) => responseBodySize,
          () => 0,
        ),
      );
  });
  try {
    await page.goto(`${site}/?server=http://127.0.0.1:${PORT}`);
    await page.click('#start:enabled', { timeout: 60_000 });
    await page.waitForSelector('text=The run is over', { timeout: 60_000 });
    const serverBytes = (await Promise.all(sizes)).reduce((sum, bytes) => sum + bytes, 0);
    return { says: await page.innerText('#says'), loaded: [...loaded], serverBytes };
  } catch (error) {
    throw new Error(`${site} says ${await page.innerText('#says')}`, { cause: error });
  } finally {
    await page.close();
    await server.close();
  }
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
};

async function serveFolder(folder: string): Promise<Background & { readonly url: string }> {
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://here').pathname;
    const file = join(folder, path === '/' ? 'index.html' : path);
    readFile(file).then(
      (content) => response.setHeader('content-type', TYPES[extname(file)] ?? 'text/plain').end(content),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
