import { mkdir } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { loadMnist, mnistFolder } from '../../client/node/data/mnist.js';
import { join } from '../../client/node/join.js';
import { serve } from '../../server/serve.js';
import { mnist } from '../../shared/tasks/mnist.js';
import { launchChromium } from '../../simulator/tabs/chromium.js';
import { Tab } from '../../simulator/tabs/tab.js';
import { drawSvg } from '../render-terminal.js';
import { joinLinkScreen } from './join-link-screen.js';
import { keep } from './keep.js';

/**
 * `npm run screenshots`: two tabs and two clients in Node train MNIST, and the pages are photographed on the way. Writes
 * the PNGs of docs/assets.
 */
const folder = fileURLToPath(new URL('../../../docs/assets/', import.meta.url));
const CLIENTS = 4;
const POLL_MS = 100;
/** Where the dashboard has curves, and clients are at work. */
const HALFWAY = 620;
const SETTINGS = { task: mnist, clients: CLIENTS, seed: 3, steps: 960, roundSteps: 40, evaluateEvery: 1 };
const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 1.5 };
const DESK = { viewport: { width: 1180, height: 900 }, deviceScaleFactor: 1.5 };
const DASHBOARD = { viewport: { width: 1240, height: 1030 } };

await mkdir(folder, { recursive: true });
const browser = await launchChromium();
const server = await serve({ ...SETTINGS, keepServing: true, offerData: mnistFolder() });
const dashboard = server.dashboard ?? '';
try {
  await photographLink(browser);
  const [phone, desk] = [await Tab.open(browser, server.url, PHONE), await Tab.open(browser, server.url, DESK)];
  await phone.page.check('input[value=offered]');
  await phone.page.waitForSelector('#show-preview:enabled');
  await phone.page.evaluate('scrollTo(0, 0)');
  await keep(folder, 'join', await phone.page.screenshot());
  await Promise.all([phone.agree(), desk.agree()]);
  await keep(folder, 'preview', await cardWith(desk.page, '#preview').screenshot());

  const light = await watch(browser, { ...DASHBOARD, colorScheme: 'light' });
  const dark = await watch(browser, { ...DASHBOARD, colorScheme: 'dark' });
  const small = await watch(browser, PHONE);
  const data = await loadMnist();
  const inNode = async (index: number) => {
    for await (const _ of join(server.url, { data, shard: [index, CLIENTS] })) continue;
  };
  const training = Promise.all([phone.train(), desk.train(), inNode(2), inNode(3)]);
  training.catch(() => undefined);
  await reach(light, HALFWAY);
  await keep(folder, 'dashboard', await light.screenshot());
  await keep(folder, 'dashboard-dark', await dark.screenshot());
  await keep(folder, 'dashboard-phone', await small.screenshot());
  await keep(folder, 'training', await cardWith(desk.page, '#curve').screenshot());
  await training;
} finally {
  await browser.close();
  await server.close();
}

/** What a terminal shows of `tandem serve`: the link, and the code for a phone's camera. */
async function photographLink(of: Browser): Promise<void> {
  const page = await of.newPage({ deviceScaleFactor: 1.5 });
  await page.setContent(
    `<style>body { margin: 0 } svg { display: block; width: 760px }</style>${drawSvg([await joinLinkScreen()])}`,
  );
  await keep(folder, 'join-link', await page.locator('svg').screenshot({ omitBackground: true }));
  await page.close();
}

async function watch(by: Browser, options: Parameters<Browser['newPage']>[0]): Promise<Page> {
  const page = await by.newPage(options);
  await page.goto(dashboard);
  await page.waitForSelector('#run:not([hidden])');
  return page;
}

/** Waits until a dashboard shows that so many steps are done, in the middle of a round. */
async function reach(page: Page, steps: number): Promise<void> {
  for (;;) {
    const [course, phase] = await Promise.all(['#course', '#phase'].map((part) => page.innerText(part)));
    const [, done = ''] = /step ([\d,]+) of/.exec(course ?? '') ?? [];
    if (Number(done.replaceAll(',', '')) >= steps && phase === 'training') return;
    if (phase === 'finished' || phase === 'failed') throw new Error(`the run ${phase} before step ${steps}`);
    await setTimeout(POLL_MS);
  }
}

function cardWith(page: Page, selector: string) {
  return page.locator('section.card', { has: page.locator(selector) });
}
