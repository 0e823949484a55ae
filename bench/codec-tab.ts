import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { bundleInMemory } from '../web/bundle.js';
import { root } from './results.js';
import type { WireRow } from './wire-render.js';

/** The speeds of codecs in a tab of headless Chromium, which is isolated so that its clock is fine enough. */
export async function measureInTab(): Promise<{ readonly version: string; readonly rows: readonly WireRow[] }> {
  const scripts = await bundleInMemory([fileURLToPath(new URL('bench/codec-page.ts', root))], { minify: true });
  const server = createServer(({ url = '/' }, response) => {
    const script = scripts.get(url);
    response.setHeader('cross-origin-opener-policy', 'same-origin');
    response.setHeader('cross-origin-embedder-policy', 'require-corp');
    response.setHeader('content-type', script ? 'text/javascript' : 'text/html');
    response.end(script ?? '<!doctype html><script type="module" src="/codec-page.js"></script>');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const executablePath = process.env.TANDEM_CHROMIUM ?? '/usr/bin/chromium';
  const browser = await chromium.launch({ executablePath, headless: true, args: ['--no-sandbox', '--disable-gpu'] });
  try {
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await page.waitForFunction('globalThis.measureCodecs');
    const rows = await page.evaluate('globalThis.measureCodecs()');
    return { version: `Chromium ${browser.version()}`, rows: rows as WireRow[] };
  } finally {
    await browser.close();
    server.close();
  }
}
