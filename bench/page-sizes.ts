import { readdirSync, readFileSync } from 'node:fs';
import { writeFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { markdownTable, writeSection } from './markdown.js';

/**
 * `npm run bench:pages`: what a tab loads of the built pages, at once and later. Writes bench/results/pages.json and the
 * table in docs/browser.md.
 */
const root = fileURLToPath(new URL('../../', import.meta.url));
const WASM_FOLDERS = ['dist/vendored', 'node_modules/@tensorflow/tfjs-backend-wasm/dist'];

interface Load {
  readonly what: string;
  readonly when: string;
  readonly files: readonly string[];
}

/** A script with all it imports before it runs, without what is loaded already. */
function closure(folder: string, script: string, loaded: readonly string[] = []): string[] {
  const found: string[] = [];
  for (const next = [join(folder, script)]; next.length > 0;) {
    const at = next.pop() ?? '';
    if (found.includes(at) || loaded.includes(at)) continue;
    found.push(at);
    for (const [, file = ''] of readFileSync(at, 'utf8').matchAll(/(?:from|import)"\.\/([^"]+)"/g)) {
      next.push(join(folder, file));
    }
  }
  return found;
}

/** The chunk that a name begins, whatever its hash. */
function chunk(folder: string, name: string): string {
  const found = readdirSync(folder).find((file) => new RegExp(`^${name}-[A-Z0-9]+\\.js$`).test(file));
  if (found === undefined) throw new Error(`${folder} has no ${name}`);
  return found;
}

/** The wasm file that a name begins, whatever its hash. */
function wasm(start: string): string {
  for (const folder of WASM_FOLDERS) {
    const found = readdirSync(join(root, folder)).find((name) => name.startsWith(start) && name.endsWith('.wasm'));
    if (found !== undefined) return join(root, folder, found);
  }
  throw new Error(`there is no ${start}`);
}

const page = (name: string) => join(root, 'dist/web', name);
const shown = (name: string) => [
  ...['index.html', 'page.css'].map((file) => join(page(name), file)),
  ...closure(page(name), 'page.js'),
];
const worker = closure(page('join'), 'worker.js');
const later = (...names: string[]) => {
  const all = names.flatMap((name) => closure(page('join'), chunk(page('join'), name), worker));
  return [...new Set(all)];
};
const loads: Load[] = [
  { what: 'the join page', when: 'at once', files: shown('join') },
  { what: '`/client/client.js`, for a page of your own', when: 'at once', files: closure(page('client'), 'client.js') },
  { what: 'the worker, with the layers of models', when: 'beside the page', files: worker },
  {
    what: 'ONNX Runtime on wasm',
    when: 'with the engine, where there is no GPU',
    files: [...later('onnx-engine', 'onnxruntime-wasm'), wasm('ort-wasm-')],
  },
  {
    what: 'ONNX Runtime on WebGPU',
    when: 'with the engine, where there is one',
    files: [...later('onnx-engine', 'onnxruntime-webgpu'), wasm('ort-webgpu-')],
  },
  {
    what: 'tfjs on wasm',
    when: 'where ONNX Runtime does not load',
    files: [...later('tfjs-engine', 'dist'), wasm('tfjs-backend-wasm-threaded-simd.wasm')],
  },
  { what: 'reading CSV', when: 'with the first CSV file', files: later('sync') },
  { what: 'the dashboard', when: 'at once', files: shown('dashboard') },
];

const kilobytes = (bytes: number) =>
  (bytes / 1000).toLocaleString('en', { maximumFractionDigits: bytes < 1e4 ? 1 : 0 });
const sizes = loads.map(({ what, when, files }) => {
  const contents = files.map((file) => readFileSync(file));
  const sum = (lengths: readonly number[]) => lengths.reduce((all, length) => all + length, 0);
  return {
    what,
    when,
    files: files.length,
    bytes: sum(contents.map(({ length }) => length)),
    gzip: sum(contents.map((content) => gzipSync(content).length)),
  };
});
await mkdir(join(root, 'bench/results'), { recursive: true });
await writeFile(join(root, 'bench/results/pages.json'), `${JSON.stringify({ sizes }, null, 2)}\n`);
const table = markdownTable([
  ['what', 'when', 'kB', 'kB, gzip'],
  ...sizes.map(({ what, when, bytes, gzip }) => [what, when, kilobytes(bytes), kilobytes(gzip)]),
]);
await writeSection(new URL('../../docs/browser.md', import.meta.url), 'bench:pages', table);
console.log(table);
