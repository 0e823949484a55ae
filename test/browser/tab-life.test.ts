import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { closePages, launchBrowser, skipsBrowser } from './browser-page.js';
import { openJoinPage, says, workerOf } from './join-world.js';
import { digitsFolder } from '../helpers/digits-folder.js';
import { PlainChromium } from '../../bench/plain-chromium.js';
import { settled, STEPS, trainBeside, trainWithTab, type RunWorld, type TabRun, type TabWorld } from './tab-world.js';
import { wholeSuite } from '../helpers/whole-suite.js';

/**
 * Whatever happens to a tab in the middle of a run, the run ends with the weights, bit for bit, of the run that nobody
 * disturbed. The tab computes on WebAssembly.
 */
const MIDDLE = 80;

let browser: Browser;
let folder: string;
let undisturbed: TabRun;

async function expectSame(disturb: (world: TabWorld) => Promise<void>): Promise<void> {
  expectUndisturbed(await trainWithTab(browser, folder, disturb));
}

function expectUndisturbed({ result, losses }: TabRun): void {
  expect(losses).toEqual([]);
  expect(result.summary.steps).toBe(undisturbed.result.summary.steps);
  expect(result.summary.weightsHash).toBe(undisturbed.result.summary.weightsHash);
}

/** Waits for the middle of the run, which then goes on nearly to its end. */
async function middle({ reached, holdAt }: RunWorld): Promise<void> {
  holdAt(STEPS - 10);
  await reached(MIDDLE);
}

describe.skipIf(skipsBrowser)('a tab in the middle of a run', () => {
  beforeAll(async () => {
    browser = await launchBrowser('--disable-gpu');
    folder = await digitsFolder(220);
    undisturbed = await trainWithTab(browser, folder, async ({ page }) => {
      await says(page, 'engine', 'onnx (wasm)');
      await says(page, 'train-status', 'The run is over');
      await says(page, 'kept-status', 'is deleted');
    });
    expect(undisturbed.losses).toEqual([]);
    expect(undisturbed.result.summary.steps).toBe(STEPS);
  });

  afterAll(() => closePages(browser));

  it('is loaded again, and once more with its newest checkpoint torn', () =>
    expectSame(async (world) => {
      const { page } = world;
      await middle(world);
      await page.reload();
      await says(page, 'kept-status', 'at step');
      await page.evaluate(tearNewest);
      await page.reload();
      await says(page, 'kept-status', 'at step');
      world.holdAt(Infinity);
      await says(page, 'train-status', 'The run is over');
    }));

  it.runIf(wholeSuite)('is hidden, frozen, loses its links meanwhile, and wakes up', async () => {
    const chromium = await PlainChromium.open();
    const run = trainBeside(folder, {}, async (world) => {
      const tab = await chromium.newTab(`${world.wire.url.replace('ws', 'http')}/join`);
      for (const each of ['input[value=offered]', '#show-preview', '#consent', '#start']) await tab.click(each);
      await tab.says('train-status', 'You are in');
      world.tabIsIn();
      await world.reached(MIDDLE / 2);
      await tab.hide();
      // What is hidden goes on.
      await middle(world);
      await tab.run(`document.addEventListener('freeze', () => (globalThis.wasFrozen = true))`);
      await tab.freeze(true);
      const asleep = await settled(world.steps);
      world.wire.cut();
      await pause(500);
      world.wire.mend();
      await pause(300);
      expect(world.steps()).toBe(asleep);
      await tab.freeze(false);
      world.holdAt(Infinity);
      await tab.says('train-status', 'The run is over');
      expect(await tab.run('globalThis.wasFrozen')).toBe(true);
    });
    expectUndisturbed(await run.finally(() => chromium.close()));
  });

  it.runIf(wholeSuite)('sleeps with its machine, loses its links meanwhile, and wakes up', () =>
    expectSame(async (world) => {
      const { page, wire } = world;
      await middle(world);
      const wake = await stopRenderers(browser);
      const asleep = await settled(world.steps);
      wire.cut();
      await pause(500);
      wire.mend();
      expect(world.steps()).toBe(asleep);
      wake();
      world.holdAt(Infinity);
      await says(page, 'train-status', 'The run is over');
    }),
  );

  it.runIf(wholeSuite)('is cut from the network, comes back, is closed, and its link is opened again', () =>
    expectSame(async (world) => {
      const { page, context, wire } = world;
      await world.reached(MIDDLE / 2);
      await context.setOffline(true);
      wire.cut();
      const offline = await settled(world.steps);
      await pause(500);
      expect(world.steps()).toBe(offline);
      wire.mend();
      await context.setOffline(false);
      await middle(world);
      await page.close();
      const { page: reopened } = await openJoinPage(context, wire.url);
      await says(reopened, 'kept-status', 'at step');
      world.holdAt(Infinity);
      await says(reopened, 'train-status', 'The run is over');
    }),
  );

  it.runIf(wholeSuite)(
    'has another tab beside it, which takes over, and a third, which goes on when that one is closed',
    () =>
      expectSame(async (world) => {
        const open = async () => {
          const { page } = await openJoinPage(world.context, world.wire.url);
          await says(page, 'kept-status', 'Another tab of this browser takes part');
          return page;
        };
        world.holdAt(MIDDLE / 2);
        await world.reached(MIDDLE / 2);
        const [second, third] = [await open(), await open()];
        world.holdAt(STEPS - 10);
        await second.click('#take-over');
        await says(world.page, 'kept-status', 'has taken over');
        await middle(world);
        await second.close();
        world.holdAt(Infinity);
        await says(third, 'train-status', 'The run is over');
      }),
  );

  it.runIf(wholeSuite)('would be lost, had its store lost checkpoints that it said it had', async () => {
    const { losses } = await trainWithTab(
      browser,
      folder,
      async ({ page, reached, steps }) => {
        // With each one that is saved, the server is told of the one before.
        await Promise.race([workerOf(page).evaluate(lostCheckpoints, 3), reached(LONGER)]);
        expect(steps()).toBeLessThan(LONGER);
        await page.reload();
        await says(page, 'train-status', 'The run went on without this device');
        await says(page, 'kept-status', 'Your data are still kept');
      },
      { steps: LONGER, graceSeconds: 6, workerBug: losesCheckpoints },
    );
    expect(losses).toHaveLength(1);
  });
});

/** Long enough for some checkpoints. */
const LONGER = 340;

/** A planted bug: of each part only the first two checkpoints, each written twice, reach the database. */
const losesCheckpoints = `
  const { put } = IDBObjectStore.prototype;
  globalThis.saved = 0;
  IDBObjectStore.prototype.put = function (value, key) {
    return this.name === 'checkpoints' && ++saved > 4 ? this.get(key) : put.call(this, value, key);
  };
`;

/** In the worker: resolves when so many were lost. */
async function lostCheckpoints(many: number): Promise<void> {
  while ((globalThis as unknown as { saved: number }).saved < 4 + 2 * many) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Stops the processes of all pages, as a machine does that goes to sleep; answers how to wake them. */
async function stopRenderers(running: Browser): Promise<() => void> {
  const devtools = await running.newBrowserCDPSession();
  const { processInfo } = await devtools.send('SystemInfo.getProcessInfo');
  const renderers = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id);
  renderers.forEach((id) => process.kill(id, 'SIGSTOP'));
  return () => renderers.forEach((id) => process.kill(id, 'SIGCONT'));
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** In the page: cuts the newest checkpoint to half its length. */
function tearNewest(): Promise<void> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open('tandem');
    opening.onerror = () => reject(new Error('the database does not open'));
    opening.onsuccess = () => {
      const transaction = opening.result.transaction('checkpoints', 'readwrite');
      const newest = transaction.objectStore('checkpoints').openCursor(null, 'prev');
      newest.onsuccess = () => {
        const { key, value } = newest.result as unknown as { key: [string, string, number]; value: Uint8Array };
        // Each is there twice; the copies come after.
        if (key[1] !== 'client') newest.result?.continue();
        else newest.result?.update(value.slice(0, value.length / 2));
      };
      transaction.oncomplete = () => {
        opening.result.close();
        resolve();
      };
    };
  });
}
