import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { join } from '../../client/node/join.js';
import { loadIdx } from '../../client/node/data/idx.js';
import { serve, type RunningServer, type ServeOptions } from '../../server/serve.js';
import type { RunResult } from '../../server/run/summarise.js';
import { maxAbsDifference, type NdArray } from '../../shared/ndarray.js';
import { mnist } from '../../shared/tasks/mnist.js';
import { closePages, launchBrowser, skipsBrowser } from './browser-page.js';
import { agreeByKeys, agreeByMouse, axeFindings, openJoinPage, tabTo } from './join-world.js';
import { digitsFolder } from '../helpers/digits-folder.js';
import { wholeSuite } from '../helpers/whole-suite.js';

const SEED = 60_013;
const CLIENTS = 4;
const PHONE = { width: 360, height: 740 };

let browser: Browser;
let folder: string;
const servers: RunningServer[] = [];

async function open(options: Partial<ServeOptions> = {}): Promise<RunningServer> {
  const run = { task: mnist, seed: SEED, clients: CLIENTS, batch: 11, steps: 28, roundSteps: 4, engine: 'onnx' };
  const server = await serve({ ...run, offerData: folder, ...options });
  server.finished.catch(() => undefined);
  servers.push(server);
  return server;
}

/** A client in Node that has the place `index`. */
async function inNode(url: string, index: number): Promise<void> {
  await join(url, { data: await loadIdx(folder), shard: [index, CLIENTS], engine: 'onnx' }).finished;
}

describe.skipIf(skipsBrowser)('the join page', () => {
  beforeAll(async () => {
    browser = await launchBrowser('--disable-gpu');
    folder = await digitsFolder(220);
  });

  afterAll(async () => {
    await closePages(browser);
    await Promise.all(servers.map((server) => server.close()));
  });

  it.runIf(wholeSuite)(`two tabs and two Node clients train what four Node clients train (seed ${SEED})`, async () => {
    const mixed = await open({ keepServing: true });
    const contexts = [
      await browser.newContext({ viewport: PHONE, colorScheme: 'dark', hasTouch: true }),
      await browser.newContext(),
    ];
    const [phone, desk] = await Promise.all(contexts.map((context) => openJoinPage(context, mixed.url)));
    if (!phone || !desk) throw new Error('no pages');

    await Promise.all([agreeByMouse(phone.page), agreeByKeys(desk.page)]);
    expect(await phone.page.innerText('#run-facts')).toMatch(
      /mnist: a model learns to tell the digit of a picture, one of 10/,
    );
    expect(await phone.page.textContent('#run-more')).toMatch(/28 × 28 × 1.*vanilla.*splitfed-v2/);
    expect(await phone.page.innerText('#engine')).toMatch(/^Engine: onnx \(wasm\)\. .*WebGPU/);
    // Three samples: what stays, and six maps of what goes.
    expect(await phone.page.locator('#preview canvas').count()).toBe(3 * (1 + 6));
    expect(await phone.page.innerText('#preview')).toMatch(/Would be sent, with the label \d/);
    expect(await axeFindings(phone.page), 'phone, dark').toEqual([]);
    expect(await phone.page.evaluate('document.documentElement.scrollWidth <= innerWidth'), 'fits a phone').toBe(true);

    await Promise.all([phone.page.click('#start'), desk.page.keyboard.press('Enter')]);
    await Promise.all([inNode(mixed.url, 2), inNode(mixed.url, 3)]);
    const found = await mixed.finished;
    await Promise.all([phone, desk].map(({ page }) => page.waitForSelector('#predict:not([hidden])')));
    expect(await desk.page.innerText('#train-status')).toMatch(
      /^The run is over: 28 steps, 308 samples of all clients/,
    );
    expect(await desk.page.innerText('#numbers')).toMatch(/Step\s+7\s/);

    await tabTo(desk.page, '#predict-pad canvas');
    for (const key of ['Space', 'ArrowDown', 'ArrowDown', 'ArrowDown', 'Space']) await desk.page.keyboard.press(key);
    await tabTo(desk.page, '#ask');
    await desk.page.keyboard.press('Enter');
    await desk.page.waitForSelector('#chances li');
    expect(await desk.page.innerText('#answer')).toMatch(/^Most likely a \d$/);
    expect(await axeFindings(desk.page), 'desk, light, at the end').toEqual([]);
    expect([...phone.complaints, ...desk.complaints]).toEqual([]);

    const inTheory = await open();
    await Promise.all([0, 1, 2, 3].map((index) => inNode(inTheory.url, index)));
    const expected = await inTheory.finished;
    expect(largestDifference(found, expected)).toBeLessThan(1e-3);
    // What a wrong share, or a client that did not take part, would look like.
    expect(largestDifference(found, await withOtherSeed())).toBeGreaterThan(1e-3);
  });

  it('loads no engine in the page itself, which only shows what its worker says', async () => {
    const server = await open();
    const own = await bundleOf(server.url, '/join/page.js');
    expect(own.text).toContain('postMessage');
    expect(own.text).not.toMatch(/WebAssembly|conv2d/);
    // A tab's engine has ten times as much, and the worker has it: what says so must be able to find it.
    expect(own.bytes).toBeLessThan(80_000);
    const worker = await bundleOf(server.url, '/join/worker.js');
    expect(worker.text).toMatch(/conv2d/i);
    expect(worker.bytes).toBeGreaterThan(400_000);
  });
});

/** A script with all it imports before it runs. */
async function bundleOf(url: string, path: string): Promise<{ text: string; bytes: number }> {
  const texts = new Map<string, string>();
  for (const next = [path]; next.length > 0;) {
    const at = next.pop() ?? '';
    if (texts.has(at)) continue;
    const text = await (await fetch(new URL(at, url.replace(/^ws/, 'http')))).text();
    texts.set(at, text);
    const imports = text.matchAll(/(?:from|import)"\.\/([^"]+)"/g);
    for (const [, file = ''] of imports) next.push(`/join/${file}`);
  }
  const text = [...texts.values()].join('\n');
  return { text, bytes: text.length };
}

async function withOtherSeed(): Promise<RunResult> {
  const server = await open({ seed: SEED + 1 });
  await Promise.all([0, 1, 2, 3].map((index) => inNode(server.url, index)));
  return server.finished;
}

function largestDifference(a: RunResult, b: RunResult): number {
  return Math.max(...a.trained.weights.map((weight, i) => maxAbsDifference(weight, b.trained.weights[i] as NdArray)));
}
