import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser, type Page } from 'playwright-core';
import { bundleInMemory } from '../../web/bundle.js';

const here = fileURLToPath(new URL('.', import.meta.url));
const root = join(here, '../..');
const WASM_FOLDERS = ['dist/vendored', 'node_modules/@tensorflow/tfjs-backend-wasm/dist'];

/** Debian's place for it; another one can be named. */
const executablePath = process.env.TANDEM_CHROMIUM ?? '/usr/bin/chromium';

/** On a machine of a person's own these tests need Chromium; where the project is checked they have to run. */
export const skipsBrowser = !existsSync(executablePath) && !process.env.CI;
if (skipsBrowser) {
  console.warn(`Browser tests are left out: there is no ${executablePath}. Install Chromium, or set TANDEM_CHROMIUM.`);
}

const FLAGS = [
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Each page loads the engine anew: only what it calls of it is compiled.
  '--js-flags=--wasm-lazy-compilation',
  '--in-process-gpu',
];

export interface BrowserPage {
  readonly page: Page;
  close(): Promise<void>;
}

/** What runs already, by its flags: starting one costs more than most tests do, so all files of a process share it. */
const running = new Map<string, Promise<Browser>>();

/** Chromium without a window; who is done with it closes its pages. Throws with what to install where there is none. */
export async function launchBrowser(...flags: string[]): Promise<Browser> {
  if (!existsSync(executablePath)) {
    throw new Error(`there is no Chromium at ${executablePath}: apt-get install chromium, or set TANDEM_CHROMIUM`);
  }
  const key = flags.join(' ');
  const there = await running.get(key);
  if (there?.isConnected() === true) return there;
  const started = chromium.launch({ executablePath, headless: true, args: [...FLAGS, ...flags] });
  running.set(key, started);
  return started;
}

/** Closes all that was opened in a browser, which goes on for the next file. */
export async function closePages(browser: Browser): Promise<void> {
  await Promise.all(browser.contexts().map((context) => context.close()));
}

/** Chromium with page.ts loaded, from a server on loopback. */
export async function openBrowserPage(...flags: string[]): Promise<BrowserPage> {
  const browser = await launchBrowser(...flags);
  const server = await servePage();
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${server.port}/`);
  await page.waitForFunction('globalThis.tandemTests !== undefined');
  return {
    page,
    close: async () => {
      await closePages(browser);
      server.close();
    },
  };
}

async function servePage(): Promise<{ readonly port: number; close(): void }> {
  const scripts = await bundleInMemory([join(here, 'page.ts')]);
  const server = createServer((request, response) => {
    const path = request.url ?? '/';
    if (path === '/') {
      response.setHeader('content-type', 'text/html');
      response.end('<!doctype html><title>Tandem</title><script type="module" src="/page.js"></script>');
      return;
    }
    const file = path.startsWith('/wasm/') ? wasmFile(path.slice('/wasm/'.length)) : undefined;
    const script = scripts.get(path);
    response.setHeader('content-type', path.endsWith('.wasm') ? 'application/wasm' : 'text/javascript');
    if (script) response.end(script);
    else if (file) void readFile(file).then((bytes) => response.end(bytes));
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, close: () => server.close() };
}

function wasmFile(name: string): string | undefined {
  if (!/^[\w.-]+$/.test(name)) return undefined;
  return WASM_FOLDERS.map((folder) => join(root, folder, name)).find(existsSync);
}
