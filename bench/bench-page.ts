import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Page } from 'playwright-core';
import { bundleInMemory } from '../web/bundle.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const WASM_FOLDERS = ['dist/vendored', 'node_modules/@tensorflow/tfjs-backend-wasm/dist'];
const executablePath = process.env.TANDEM_CHROMIUM ?? '/usr/bin/chromium';

/** As Tandem's own pages are sent, so that tfjs may have threads where it is given some. */
const ISOLATED = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' };

export interface BenchPage {
  /** Such as `Chromium 143.0`. */
  readonly version: string;
  readonly page: Page;
  readonly close: () => Promise<void>;
}

/** An empty page of headless Chromium, from a server that has a script of bench/ beside it. */
export async function openBenchPage(entry: string): Promise<BenchPage> {
  const server = await serveScript(entry);
  const browser = await chromium.launch({ executablePath, headless: true, args: ['--no-sandbox', '--disable-gpu'] });
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${server.port}/`);
  const close = async () => {
    await browser.close();
    server.close();
  };
  return { version: `Chromium ${browser.version()}`, page, close };
}

async function serveScript(entry: string): Promise<{ readonly port: number; close(): void }> {
  const scripts = await bundleInMemory([join(root, 'bench', entry)], { minify: true });
  const server = createServer((request, response) => {
    const path = (request.url ?? '/').split('?')[0] ?? '/';
    const type = path === '/' ? 'text/html' : path.endsWith('.wasm') ? 'application/wasm' : 'text/javascript';
    for (const [name, value] of Object.entries({ ...ISOLATED, 'content-type': type })) response.setHeader(name, value);
    const script = path === '/' ? '<!doctype html><title>bench</title>' : scripts.get(path);
    const name = /^\/wasm\/([\w.-]+)$/.exec(path)?.[1];
    const file = name && WASM_FOLDERS.map((folder) => join(root, folder, name)).find(existsSync);
    if (script !== undefined) response.end(script);
    else if (file) void readFile(file).then((bytes) => response.end(bytes));
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, close: () => server.close() };
}
