import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { joinLink, newLinkInvites } from '../../cli/join-link.js';
import { join as joinRun } from '../../client/node/join.js';
import { loadIdx } from '../../client/node/data/idx.js';
import { serve, type RunningServer, type ServeOptions } from '../../server/serve.js';
import { mnist } from '../../shared/tasks/mnist.js';
import { adultVertical } from '../../shared/tasks/adult-vertical.js';
import { digitsFolder } from '../helpers/digits-folder.js';
import { closePages, launchBrowser, skipsBrowser } from './browser-page.js';
import { agreeByMouse, axeFindings, openJoinPage, says } from './join-world.js';
import { wholeSuite } from '../helpers/whole-suite.js';

const run = { task: mnist, clients: 1, batch: 10, steps: 12, roundSteps: 6, seed: 60_029, engine: 'onnx' };

let browser: Browser;
let folder: string;
const servers: RunningServer[] = [];

async function open(options: Partial<ServeOptions> = {}): Promise<RunningServer> {
  const server = await serve({ ...run, offerData: folder, ...options });
  server.finished.catch(() => undefined);
  servers.push(server);
  return server;
}

/** The page, and what it has asked for. */
async function visit(url: string, fragment = '') {
  const context = await browser.newContext();
  const asked: string[] = [];
  context.on('request', (request) => asked.push(new URL(request.url()).pathname));
  return { ...(await openJoinPage(context, url, fragment)), context, asked };
}

async function inNode(url: string): Promise<void> {
  await joinRun(url, { data: await loadIdx(folder), engine: 'onnx' }).finished;
}

const loadsNothing = (asked: readonly string[]) =>
  expect(asked.filter((path) => /worker|\.wasm|tfjs/.test(path))).toEqual([]);

describe.skipIf(skipsBrowser)('the order of the join page', () => {
  beforeAll(async () => {
    browser = await launchBrowser('--disable-gpu');
    folder = await digitsFolder(60);
  });

  afterAll(async () => {
    await closePages(browser);
    await Promise.all(servers.map((server) => server.close()));
  });

  it.runIf(wholeSuite)(
    'says that a run is full before it loads anything, and goes on when a place is free',
    async () => {
      const server = await open({ clients: 2, graceSeconds: 0 });
      const data = await loadIdx(folder);
      const [one, other] = [0, 1].map((index) => joinRun(server.url, { data, shard: [index, 2], engine: 'onnx' }));
      if (!one || !other) throw new Error('nobody takes part');
      // Whoever loops holds the training up, so the run is still on when a place gets free.
      await Promise.all([one, other].map((each) => each[Symbol.asyncIterator]().next()));
      const { page, asked, context } = await visit(server.url);
      await says(page, 'run-status', 'All places of this run are taken.');
      loadsNothing(asked);
      expect(await page.locator('.part:visible').count()).toBe(0);
      expect(await axeFindings(page)).toEqual([]);
      await other.leave();
      await says(page, 'run-status', '1 of 2 places is free. The run is on already');
      await page.waitForSelector('#sources:enabled', { timeout: 30_000 });
      await one.leave();
      await context.close();
    },
  );

  it.runIf(wholeSuite)('says that a run is over, and lets who comes then try the model where it answers', async () => {
    const server = await open({ keepServing: true });
    await inNode(server.url);
    await server.finished;
    const { page, asked, context } = await visit(server.url);
    await says(page, 'run-status', 'This run is over');
    loadsNothing(asked);
    await page.click('#try');
    await page.waitForSelector('#predict:not([hidden])');
    await page.focus('#predict-pad canvas');
    for (const key of ['Space', 'ArrowDown', 'ArrowDown', 'Space']) await page.keyboard.press(key);
    await page.click('#ask');
    await says(page, 'answer', /^Most likely a \d$/);
    expect(await axeFindings(page)).toEqual([]);
    await context.close();
  });

  it.runIf(wholeSuite)('says what the part will come to, which is what it comes to', async () => {
    const server = await open({ epochs: 2, steps: undefined, roundSteps: 3 });
    const { page, context } = await visit(server.url);
    await page.waitForSelector('#run-facts:not([hidden])');
    const amounts = await page.innerText('#run-facts');
    const said = /about ([\d.]+) kB sent, ([\d.]+) kB received/.exec(amounts);
    expect(amounts).toMatch(
      /Asked of you\s+pictures of yours, with the digit of each, one of 10[\s\S]*Leaves this device\s+of each picture/,
    );
    await agreeByMouse(page);
    await page.click('#start');
    const { clients } = await server.finished;
    const bytes = clients[0]?.bytes;
    const frames = 1.1;
    expect(Number(said?.[1])).toBeGreaterThan((bytes?.up ?? 0) / 1000 / frames);
    expect(Number(said?.[1])).toBeLessThan(((bytes?.up ?? 0) / 1000) * frames);
    expect(Number(said?.[2])).toBeGreaterThan((bytes?.down ?? 0) / 1000 / frames);
    expect(Number(said?.[2])).toBeLessThan(((bytes?.down ?? 0) / 1000) * frames);
    await context.close();
  });

  it.runIf(wholeSuite)('undoes what was chosen where something is wrong with it, and says so there', async () => {
    const server = await open();
    const { page, context } = await visit(server.url);
    await agreeByMouse(page);
    expect(await page.isEnabled('#start')).toBe(true);
    const wrong = join(folder, 'wrong.csv');
    await writeFile(wrong, 'a,b\n1,2,3\n');
    await page.check('input[value=files]');
    expect(await page.isChecked('#consent')).toBe(false);
    await page.setInputFiles('#table', wrong);
    await page.waitForSelector('#data-trouble:not([hidden])');
    expect(await isInView(page, '#data-trouble')).toBe(true);
    for (const button of ['#start', '#show-preview', '#consent']) expect(await page.isDisabled(button)).toBe(true);
    await page.check('input[value=offered]');
    await page.waitForSelector('#show-preview:enabled');
    expect(await page.isVisible('#data-trouble')).toBe(false);
    await context.close();
  });

  it.runIf(wholeSuite)('tells who has an invite what it tells no stranger', async () => {
    const entry = join(folder, 'entry');
    const server = await open({ entry });
    const stranger = await visit(server.url);
    await says(stranger.page, 'run-status', 'There is a place free.');
    expect(await stranger.page.innerText('main')).not.toMatch(/mnist|vanilla/);
    await stranger.context.close();
    const { hash } = new URL(joinLink(server.url, await newLinkInvites(entry, 1)));
    const guest = await visit(server.url, hash);
    await says(guest.page, 'run-facts', 'mnist');
    await guest.page.waitForSelector('#sources:enabled');
    await guest.context.close();
  });

  it('says in one sentence why it cannot take part in a vertical run', async () => {
    const server = await serve({ task: adultVertical, clients: 3, topology: 'vertical', engine: 'onnx' });
    server.finished.catch(() => undefined);
    servers.push(server);
    const { page, asked, context } = await visit(server.url);
    await says(page, 'run-status', /A page takes part only where .*: take part with the program/);
    loadsNothing(asked);
    await context.close();
  });

  it.runIf(wholeSuite)('takes part in a multi-hop run', async () => {
    const server = await open({ topology: 'multi-hop' });
    const { page, context } = await visit(server.url);
    await agreeByMouse(page);
    await page.click('#start');
    expect((await server.finished).summary.steps).toBe(run.steps);
    await says(page, 'train-status', 'The run is over');
    await context.close();
  });
});

const isInView = (page: Page, selector: string) =>
  page.locator(selector).evaluate((node) => {
    const { top, bottom } = node.getBoundingClientRect();
    return top >= 0 && bottom <= innerHeight;
  });
