import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { joinLink, newLinkInvites } from '../../cli/join-link.js';
import { serve, type RunningServer, type ServeOptions } from '../../server/serve.js';
import { smallDigits } from '../helpers/small-digits.js';
import { StrippingProxy } from '../helpers/stripping-proxy.js';
import { closePages, launchBrowser, skipsBrowser } from './browser-page.js';
import { agreeByMouse, listenForComplaints } from './join-world.js';
import { digitsFolder } from '../helpers/digits-folder.js';
import { wholeSuite } from '../helpers/whole-suite.js';

let browser: Browser;
let folder: string;
let server: RunningServer;
let proxy: StrippingProxy;

async function open(options: Partial<ServeOptions>): Promise<void> {
  const run = {
    task: smallDigits,
    clients: 1,
    batch: 11,
    steps: 6,
    engine: 'onnx',
    offerData: folder,
    keepServing: true,
  };
  server = await serve({ ...run, trustProxy: true, ...options });
  server.finished.catch(() => undefined);
  proxy = await StrippingProxy.start(server.port, '/labs/tandem/');
}

describe.skipIf(skipsBrowser)('pages below a path of a proxy', () => {
  beforeAll(async () => {
    browser = await launchBrowser('--disable-gpu');
    folder = await digitsFolder(60);
  });
  afterEach(async () => {
    proxy.close();
    await server.close();
  });
  afterAll(() => closePages(browser));

  async function newPage(): Promise<{ page: Page; complaints: string[] }> {
    const page = await browser.newPage();
    return {
      page,
      complaints: listenForComplaints(page, (message) => !message.location().url.endsWith('favicon.ico')),
    };
  }

  it('train by the link with invites that the server prints, and predict', async () => {
    const entry = `${folder}/entry`;
    await open({ entry });
    const { page, complaints } = await newPage();
    await page.goto(joinLink(`http://${proxy.host}/labs/tandem/`, await newLinkInvites(entry, 1)));
    await agreeByMouse(page);
    await page.click('#start');
    expect((await server.finished).summary.steps).toBe(6);
    await page.waitForSelector('#predict:not([hidden])');
    expect([complaints, proxy.astray]).toEqual([[], []]);
    await page.close();
  });

  it.runIf(wholeSuite)('show the run, and how to join it there', async () => {
    await open({});
    const { page, complaints } = await newPage();
    // Through the proxy nobody is this machine: without the header it would be.
    await page.goto(`http://${proxy.host}/labs/tandem/`);
    await page.waitForSelector('text=this machine only');
    await page.goto(`http://${proxy.host}/labs/tandem/dashboard`);
    await page.waitForSelector('text=this machine only');
    expect(proxy.astray).toEqual([]);
    expect(complaints.filter((text) => !text.includes('403'))).toEqual([]);
    await page.close();
  });

  it.runIf(wholeSuite)('of one’s own train as well', async () => {
    await open({ pages: 'examples/browser' });
    const { page, complaints } = await newPage();
    await page.goto(`http://${proxy.host}/labs/tandem/pages/`);
    await page.click('#start:enabled', { timeout: 20_000 });
    await page.waitForSelector('text=The run is over');
    expect([complaints, proxy.astray]).toEqual([[], []]);
    await page.close();
  });
});
