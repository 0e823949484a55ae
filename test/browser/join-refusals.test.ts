import { mkdtemp } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newLinkInvites, joinLink } from '../../cli/join-link.js';
import { Door } from '../../server/http/door.js';
import { sitePages } from '../../server/http/site.js';
import { listen } from '../../server/listen.js';
import { serve, type RunningServer } from '../../server/serve.js';
import { encodeMessage } from '../../shared/protocol/message-codec.js';
import { tinyTask } from '../helpers/tiny-task.js';
import { closePages, launchBrowser, skipsBrowser } from './browser-page.js';
import { openJoinPage } from './join-world.js';
import { wholeSuite } from '../helpers/whole-suite.js';

/** Where a frame says which protocol it is of. */
const VERSION_BYTE = 4;

let browser: Browser;
let entry: string;
let guarded: RunningServer;

/** What a person reads on the join page of a server that does not let them in. */
async function alertAt(url: string, fragment = ''): Promise<string> {
  const { page } = await openJoinPage(await browser.newContext(), url, fragment);
  const text = await page.locator('.trouble:not([hidden])').innerText({ timeout: 20_000 });
  expect(await page.locator('#sources:disabled').count(), 'no data are asked for').toBe(1);
  await page.context().close();
  return text;
}

describe.skipIf(skipsBrowser)('a page that is not let in', () => {
  beforeAll(async () => {
    browser = await launchBrowser('--disable-gpu');
    entry = await mkdtemp(join(tmpdir(), 'tandem-entry-'));
    guarded = await serve({ task: tinyTask, entry, engine: 'tfjs' });
    guarded.finished.catch(() => undefined);
  });

  afterAll(async () => {
    await closePages(browser);
    await guarded.close();
  });

  it.each([
    ['without an invite', ''],
    ['with one that was made up', '#invite=tandem-i0-x&look=tandem-i0-y'],
  ])('says so in a sentence: %s', async (_how, fragment) => {
    expect(await alertAt(guarded.url, fragment)).toMatch(
      /^The server lets in only who has an invite, .* \(NO_ENTRY\)$/,
    );
  });

  it('is let in by the link of serve, whose invites are in the fragment', async () => {
    const link = new URL(joinLink(guarded.url, await newLinkInvites(entry, 1)));
    expect(link.pathname + link.search).toBe('/join');
    const asked: string[] = [];
    const context = await browser.newContext();
    context.on('request', (request) => asked.push(request.url()));
    const { page } = await openJoinPage(context, guarded.url, link.hash);
    await page.waitForSelector('#sources:enabled', { timeout: 20_000 });
    const code = new URLSearchParams(link.hash.slice(1)).get('invite') ?? 'none';
    expect(asked.filter((url) => url.split('#')[0]?.includes(code))).toEqual([]);
    await context.close();
  });

  it.runIf(wholeSuite)('says so in a sentence: the server speaks another protocol', async () => {
    const behind = { run: 'r', host: '127.0.0.1', clients: 1, maxMessageBytes: 65_536, pages: sitePages() };
    const old = await listen({
      host: '127.0.0.1',
      port: 0,
      maxMessageBytes: 65_536,
      door: await Door.open({}, behind),
      onTransport: (transport) => {
        const frame = encodeMessage({ type: 'ping' });
        frame[VERSION_BYTE] = 1;
        transport.send(frame);
      },
    });
    expect(await alertAt(old.url)).toMatch(/different versions of Tandem\. Load the page again; .* \(BAD_VERSION\)$/);
    await old.close();
  });

  it.runIf(wholeSuite)('says so in a sentence: it is of another origin', async () => {
    const picky = await serve({ task: tinyTask, engine: 'tfjs', allowOrigin: ['https://example.org'] });
    picky.finished.catch(() => undefined);
    // The same page from another server, which points it to the one that does not know it.
    const elsewhere = createServer((_request, response) => response.setHeader('content-type', 'text/html').end('<p>'));
    await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/`);
    const outcome = await page.evaluate(
      (url) =>
        new Promise<string>((resolve) => {
          const socket = new WebSocket(url);
          socket.onopen = () => resolve('open');
          socket.onerror = () => resolve('refused');
        }),
      picky.url,
    );
    expect(outcome).toBe('refused');
    await page.close();
    elsewhere.close();
    await picky.close();
  });
});
