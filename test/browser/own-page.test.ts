import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serve, type RunningServer, type ServeOptions } from '../../server/serve.js';
import { smallDigits } from '../helpers/small-digits.js';
import { bundleInMemory } from '../../web/bundle.js';
import { closePages, launchBrowser, skipsBrowser } from './browser-page.js';
import { listenForComplaints } from './join-world.js';
import { digitsFolder } from '../helpers/digits-folder.js';
import { wholeSuite } from '../helpers/whole-suite.js';

const EXAMPLE = 'examples/browser';
/** Below the project, so that `tandem/...` means the built package. */
const COPY = 'dist/browser-example';

let browser: Browser;
let folder: string;

function open(options: Partial<ServeOptions> = {}): Promise<RunningServer> {
  return serve({ task: smallDigits, clients: 1, batch: 11, steps: 6, engine: 'onnx', offerData: folder, ...options });
}

/** Trains by the example's button; answers what the page says at the end. */
async function trainOn(page: Page, url: string, { finished }: RunningServer): Promise<string> {
  // A browser asks every server for an icon.
  const complaints = listenForComplaints(page, (message) => !message.location().url.endsWith('/favicon.ico'));
  await page.goto(url);
  await page.click('#start:enabled', { timeout: 20_000 });
  expect((await finished).summary.steps).toBe(6);
  await page.waitForSelector('text=The run is over', { timeout: 10_000 });
  expect(complaints).toEqual([]);
  return page.innerText('#says');
}

describe.skipIf(skipsBrowser)('a page of one’s own', () => {
  beforeAll(async () => {
    browser = await launchBrowser('--disable-gpu');
    folder = await digitsFolder(60);
  });

  afterAll(() => closePages(browser));

  it('takes at most thirty lines, and nothing from anywhere but the server', async () => {
    const texts = await Promise.all(['index.html', 'page.js'].map((name) => readFile(join(EXAMPLE, name), 'utf8')));
    expect(texts.join('').split('\n').length - 1).toBeLessThanOrEqual(30);
    expect(texts.join('')).not.toMatch(/https?:\/\//);
  });

  it('trains as a plain module script that the server shows', async () => {
    const server = await open({ pages: EXAMPLE });
    const site = server.url.replace(/^ws/, 'http');
    const asked: string[] = [];
    const page = await browser.newPage();
    page.on('request', (request) => asked.push(request.url()));
    expect(await trainOn(page, `${site}/pages/`, server)).toBe('The run is over after 6 steps.');
    expect(asked.filter((url) => !url.startsWith(site) && !url.startsWith('data:'))).toEqual([]);
    expect(await page.evaluate('crossOriginIsolated'), 'may have threads of WebAssembly').toBe(true);
    await page.close();
    await server.close();
  });

  it.runIf(wholeSuite)('trains from a bundle on another origin, with the server’s wasm files and data', async () => {
    const server = await open();
    const elsewhere = await serveBundle();
    const at = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/?server=${server.url.replace(/^ws/, 'http')}`;
    const page = await browser.newPage();
    expect(await trainOn(page, at, server)).toBe('The run is over after 6 steps.');
    await page.close();
    elsewhere.close();
    await server.close();
  });

  it.runIf(wholeSuite)('is told in a sentence that a server lets in no page of its origin', async () => {
    const server = await open({ allowOrigin: ['https://example.org'] });
    server.finished.catch(() => undefined);
    const elsewhere = await serveBundle();
    const origin = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}`;
    const page = await browser.newPage();
    await page.goto(`${origin}/?server=${server.url.replace(/^ws/, 'http')}`);
    await page.waitForSelector('text=--allow-origin', { timeout: 20_000 });
    expect(await page.innerText('#says')).toBe(
      `the server at 127.0.0.1:${server.port} does not let this page in, whose origin is ${origin}: start the server with ` +
        `--allow-origin ${origin}, or open the page the server itself serves; it may also want an invite`,
    );
    await page.close();
    elsewhere.close();
    await server.close();
  });

  it.runIf(wholeSuite)('has the right types', async () => {
    await copyExample();
    const { config } = ts.readConfigFile(join(COPY, 'tsconfig.json'), (path) => ts.sys.readFile(path)) as {
      config: object;
    };
    const { options, fileNames } = ts.parseJsonConfigFileContent(config, ts.sys, resolve(COPY));
    const found = ts.getPreEmitDiagnostics(ts.createProgram(fileNames, options));
    expect(found.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))).toEqual([]);
  });

  it('does not get what is hidden in its folder', async () => {
    const pages = join(COPY, 'pages');
    await mkdir(join(pages, '.git'), { recursive: true });
    await Promise.all(['.env', '.git/config', 'my page.html'].map((name) => writeFile(join(pages, name), 'own')));
    const server = await open({ pages });
    server.finished.catch(() => undefined);
    const statusOf = async (path: string) => (await fetch(`${server.url.replace(/^ws/, 'http')}/pages/${path}`)).status;
    expect(await Promise.all(['my%20page.html', '.env', '.git/config', '../package.json'].map(statusOf))).toEqual([
      200, 426, 426, 426,
    ]);
    await server.close();
  });

  it('is not told the server’s files from an origin that is not allowed', async () => {
    const server = await open({ allowOrigin: ['https://example.org'] });
    server.finished.catch(() => undefined);
    const allowedTo = async (origin: string) => {
      const { headers } = await fetch(`${server.url.replace(/^ws/, 'http')}/client/client.js`, { headers: { origin } });
      return headers.get('access-control-allow-origin');
    };
    expect(await allowedTo('https://example.org')).toBe('https://example.org');
    expect(await allowedTo('https://elsewhere.example')).toBeNull();
    await server.close();
  });
});

async function copyExample(): Promise<void> {
  await mkdir(join(COPY, 'node_modules'), { recursive: true });
  await cp(join(EXAMPLE, 'vite'), COPY, { recursive: true });
  await symlink(resolve('.'), join(COPY, 'node_modules/tandem')).catch(() => undefined);
}

/** What a bundler makes of the example, on a server of its own. */
async function serveBundle(): Promise<Server> {
  await copyExample();
  const bundle = await bundleInMemory(['main.ts', 'worker.ts'].map((name) => join(COPY, name)));
  const html = (await readFile(join(COPY, 'index.html'), 'utf8')).replace('main.ts', 'main.js');
  // The bundler leaves the worker's address as it is written; Vite would set its own.
  const files = new Map<string, string | Uint8Array>(bundle);
  for (const [path, contents] of bundle) {
    const text = new TextDecoder().decode(contents);
    if (text.includes('worker.ts')) files.set(path, text.replace('worker.ts', 'worker.js'));
  }
  const server = createServer((request, response) => {
    const path = (request.url ?? '/').split('?')[0] ?? '/';
    const body = path === '/' ? html : files.get(path);
    if (body === undefined) return response.writeHead(404).end();
    response.setHeader('content-type', path === '/' ? 'text/html' : 'text/javascript').end(body);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return server;
}
