import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { squeeze, type Squeeze } from './squeeze.js';

const COMPRESSIBLE = ['.html', '.js', '.css', '.wasm', '.txt'];

/** Files that are as large as one packet gain nothing. */
const SMALLEST_BYTES = 1000;

/** The best of each, since it is done once and sent to every visitor. */
const QUALITY = { br: 11, gz: 9 } as const;

/** Puts `x.br` and `x.gz` beside each file that a server sends to browsers. */
export async function squeezeSite(root: string): Promise<void> {
  for (const file of await sentFiles(root)) {
    const content = await readFile(file);
    for (const as of kindsFor(file)) {
      await writeFile(`${file}.${as}`, await squeeze(root, content, as, QUALITY[as]));
    }
  }
}

/** WebGPU is given to pages over https, or of this machine, and there browsers take brotli. */
function kindsFor(file: string): readonly Squeeze[] {
  return /ort-webgpu-[^/]*\.wasm$/.test(file) ? ['br'] : ['br', 'gz'];
}

async function sentFiles(root: string): Promise<string[]> {
  const [site, vendored] = [join(root, 'dist/web'), join(root, 'dist/vendored')];
  const folders = (await readdir(site, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  const pages = await Promise.all(folders.map(async ({ name }) => filesOf(join(site, name))));
  const wasm = (await filesOf(vendored)).filter((file) => file.endsWith('.wasm'));
  const sizes = await Promise.all(
    [...pages.flat(), ...wasm].map(async (file) => [file, (await stat(file)).size] as const),
  );
  return sizes
    .filter(([file, bytes]) => COMPRESSIBLE.includes(extname(file)) && bytes >= SMALLEST_BYTES)
    .map(([file]) => file);
}

async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ name }) => join(folder, name));
}
