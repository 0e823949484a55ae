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

export interface Started {
  readonly label: string;
  readonly threads: number;
  readonly isolated: boolean;
}

/** A tab of headless Chromium whose workers train, one worker a contender. */
export class BenchTab {
  private constructor(
    /** Such as `Chromium 143.0`. */
    readonly version: string,
    private readonly page: Page,
    private readonly closeAll: () => Promise<void>,
  ) {}

  static async open(): Promise<BenchTab> {
    const server = await serveWorker();
    const browser = await chromium.launch({ executablePath, headless: true, args: ['--no-sandbox', '--disable-gpu'] });
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${server.port}/`);
    const closeAll = async () => {
      await browser.close();
      server.close();
    };
    return new BenchTab(`Chromium ${browser.version()}`, page, closeAll);
  }

  close(): Promise<void> {
    return this.closeAll();
  }

  /** Starts a contender; answers what it is, its threads, and whether it might have several. */
  start(name: string): Promise<Started> {
    return this.page.evaluate(async (which) => {
      const scope = globalThis as unknown as { workers?: Map<string, Worker> };
      const worker = new Worker(`/browser-worker.js?${which}`, { type: 'module' });
      (scope.workers ??= new Map()).set(which, worker);
      return new Promise((resolve, reject) => {
        worker.onmessage = ({ data }) => resolve(data as Started);
        worker.onerror = ({ message }) => reject(new Error(`${which}: ${message}`));
      });
    }, name);
  }

  /** Samples a second. */
  async run(name: string, net: string, ms: number): Promise<number> {
    const result = await this.page.evaluate(
      async (order) => {
        const worker = (globalThis as unknown as { workers: Map<string, Worker> }).workers.get(order.name);
        if (!worker) throw new Error(`${order.name} was not started`);
        return new Promise<{ samples: number; ms: number; error?: string }>((resolve) => {
          worker.onmessage = ({ data }) => resolve(data as { samples: number; ms: number });
          worker.postMessage({ net: order.net, ms: order.ms });
        });
      },
      { name, net, ms },
    );
    if (result.error !== undefined) throw new Error(`${name} failed at ${net}: ${result.error}`);
    return (result.samples / result.ms) * 1000;
  }
}

async function serveWorker(): Promise<{ readonly port: number; close(): void }> {
  const scripts = await bundleInMemory([join(root, 'bench/browser-worker.ts')], { minify: true });
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
