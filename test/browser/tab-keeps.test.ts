import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { joinLink, newLinkInvites } from '../../cli/join-link.js';
import { TabPart } from '../../client/browser/worker/tab-part.js';
import { serve, type RunningServer, type ServeOptions } from '../../server/serve.js';
import { mnist } from '../../shared/tasks/mnist.js';
import { closePages, launchBrowser, skipsBrowser } from './browser-page.js';
import { axeFindings, openJoinPage, says, workerOf } from './join-world.js';
import { settled } from './tab-world.js';
import { wholeSuite } from '../helpers/whole-suite.js';

const STEPS = 160;
const run = { task: mnist, clients: 1, batch: 2, steps: STEPS, roundSteps: 40, engine: 'onnx' };

let browser: Browser;
const servers: RunningServer[] = [];

async function open(options: Partial<ServeOptions> = {}) {
  let steps = 0;
  const losses: string[] = [];
  const onEvent: ServeOptions['onEvent'] = (event) => {
    if (event.kind === 'step') steps++;
    if (event.kind === 'client-left' || event.kind === 'refused') losses.push(event.reason);
  };
  const server = await serve({ ...run, onEvent, ...options });
  server.finished.catch(() => undefined);
  servers.push(server);
  return { server, losses, steps: () => steps };
}

/** Draws three digits by hand, looks at what would be sent, and agrees. */
async function draw(page: Page): Promise<void> {
  await page.waitForSelector('#sources:enabled');
  await page.check('input[value=draw]');
  for (const [label, across] of ['3', '5', '8'].entries()) {
    await page.focus('#pad canvas');
    for (const key of ['Space', ...Array<string>(label + 4).fill('ArrowDown'), 'ArrowRight', 'Space']) {
      await page.keyboard.press(key);
    }
    await page.selectOption('#drawn-label', across);
    await page.click('#keep');
  }
  await says(page, 'data-status', '3 samples to train on');
  await page.click('#show-preview:enabled');
  await page.check('#consent:enabled');
}

/** What the page's origin has in its database, by store. */
const keptIn = (page: Page) =>
  page.evaluate(
    () =>
      new Promise<Record<string, number>>((resolve) => {
        const opening = indexedDB.open('tandem');
        opening.onsuccess = () => {
          const { result: database } = opening;
          const names = [...database.objectStoreNames];
          const transaction = database.transaction(names);
          const counts = names.map((name) => transaction.objectStore(name).count());
          transaction.oncomplete = () => {
            database.close();
            resolve(Object.fromEntries(names.map((name, i) => [name, counts[i]?.result ?? -1])));
          };
        };
      }),
  );

/** A battery that the test empties and charges, instead of the browser's own. */
const lowBattery = `
  globalThis.battery = Object.assign(new EventTarget(), { level: 0.12, charging: false });
  navigator.getBattery = async () => battery;
`;
const charge = `battery.charging = true; battery.dispatchEvent(new Event('chargingchange'))`;
const unplug = `battery.charging = false; battery.dispatchEvent(new Event('chargingchange'))`;

/** In the worker: from now on the database takes no checkpoint, or takes them again. */
function setFull(isFull: boolean): void {
  const world = globalThis as { isFull?: boolean };
  const isFirst = world.isFull === undefined;
  world.isFull = isFull;
  if (!isFirst) return;
  const put = Object.getOwnPropertyDescriptor(IDBObjectStore.prototype, 'put')?.value as IDBObjectStore['put'];
  IDBObjectStore.prototype.put = function (value, key) {
    if (world.isFull && this.name === 'checkpoints') throw new DOMException('full', 'QuotaExceededError');
    return put.call(this, value, key);
  };
}

describe.skipIf(skipsBrowser)('what a tab keeps', () => {
  beforeAll(async () => {
    browser = await launchBrowser('--disable-gpu');
  });

  afterAll(async () => {
    await closePages(browser);
    await Promise.all(servers.map((server) => server.close()));
  });

  it.runIf(wholeSuite)(
    'lets it go on with drawings and an invite that is good for one use, and pause on a low battery',
    async () => {
      const entry = await mkdtemp(join(tmpdir(), 'tandem-entry-'));
      const { server, steps, losses } = await open({ entry });
      const context = await browser.newContext();
      await context.addInitScript(lowBattery);
      const { hash } = new URL(joinLink(server.url, await newLinkInvites(entry, 1)));
      const { page, complaints } = await openJoinPage(context, server.url, hash);
      await says(page, 'keeps', /kept in this browser, on this device/);
      await draw(page);
      await page.click('#start');
      await says(page, 'spare-status', 'Paused: the battery is at 12 % and is not charging.');
      expect(await settled(steps)).toBe(0);

      await page.evaluate(charge);
      await says(page, 'kept-status', 'Your part is kept on this device');
      await page.evaluate(unplug);
      const paused = await settled(steps);
      expect(paused).toBeGreaterThan(0);
      expect(paused).toBeLessThan(STEPS);
      expect(await keptIn(page)).toMatchObject({ parts: 1, owners: 1 });
      expect(await axeFindings(page)).toEqual([]);

      await page.reload();
      await says(page, 'kept-status', /^Continuing this run at step \d+/);
      await says(page, 'data-status', '3 samples');
      expect(await page.locator('#sources:disabled').count()).toBe(1);
      // The step that was under way when the cable was pulled may have ended since.
      expect(await settled(steps)).toBeLessThanOrEqual(paused + 1);
      await page.uncheck('#spare');
      await says(page, 'train-status', 'The run is over');
      await says(page, 'kept-status', 'is deleted');
      // The key stays: the invite it was used for is good for nobody else.
      expect(await keptIn(page)).toMatchObject({ parts: 0, checkpoints: 0, owners: 0 });
      expect((await server.finished).summary.steps).toBe(STEPS);
      expect([...losses, ...complaints]).toEqual([]);
      await context.close();
    },
  );

  it.runIf(wholeSuite)(
    'says that the device has no room left for it, goes on, and says when there is room again',
    async () => {
      const { server, losses, steps } = await open({ steps: 300 });
      const context = await browser.newContext();
      const { page } = await openJoinPage(context, server.url);
      await draw(page);
      await page.click('#start');
      await says(page, 'kept-status', 'Your part is kept on this device');
      await page.click('#pause');
      const before = await settled(steps);
      await workerOf(page).evaluate(setFull, true);
      await page.click('#pause');
      await says(page, 'kept-trouble', /no room left to keep the training: make room .*\(CANNOT_WRITE\)$/);
      await page.click('#pause');
      expect(await settled(steps)).toBeGreaterThan(before);
      await workerOf(page).evaluate(setFull, false);
      await page.click('#pause');
      await says(page, 'kept-trouble', 'checkpoints are written again');
      await says(page, 'train-status', 'The run is over');
      expect((await server.finished).summary.steps).toBe(300);
      expect(losses).toEqual([]);
      await context.close();
    },
  );

  it.runIf(wholeSuite)('is deleted by "Forget this", which leaves the run', async () => {
    const { server, losses, steps } = await open();
    const context = await browser.newContext();
    const { page } = await openJoinPage(context, server.url);
    await draw(page);
    await page.click('#start');
    await says(page, 'kept-status', 'Your part is kept on this device');
    await page.click('#pause');
    expect(await settled(steps)).toBeLessThan(STEPS);
    await page.click('#forget');
    await says(page, 'kept-status', 'is deleted');
    await says(page, 'train-status', 'You have left the run');
    expect(await keptIn(page)).toEqual({ checkpoints: 0, keys: 0, owners: 0, parts: 0 });
    expect(losses).toHaveLength(1);
    // Nothing begins before the person agrees once more.
    expect(await page.isDisabled('#start')).toBe(true);
    await context.close();
  });

  it('is nothing where there is neither lock nor hash', async () => {
    await expect(new TabPart().look('ws://a.test')).rejects.toMatchObject({ code: 'MISSING' });
  });
});
