import { readFile } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serve } from '../../server/serve.js';
import { openLayersFiles } from '../../shared/model/layers-files.js';
import { hashWeights, readModelWeights } from '../../shared/model/weights.js';
import { smallDigits } from '../helpers/small-digits.js';
import { closePages, launchBrowser, skipsBrowser } from './browser-page.js';
import { agreeByMouse, axeFindings, openJoinPage } from './join-world.js';
import { digitsFolder } from '../helpers/digits-folder.js';
import { wholeSuite } from '../helpers/whole-suite.js';

const RUN = { task: smallDigits, clients: 1, batch: 11, steps: 6, engine: 'onnx' } as const;

let browser: Browser;
let folder: string;

async function askAbout(page: Page): Promise<string> {
  await page.locator('#chances').evaluate((list) => list.replaceChildren());
  await page.click('#ask:enabled');
  await page.waitForSelector('#chances li', { timeout: 10_000 });
  return page.innerText('#chances');
}

async function drawStroke(page: Page): Promise<void> {
  await page.focus('#predict-pad canvas');
  for (const key of ['Space', 'ArrowDown', 'ArrowDown', 'ArrowRight', 'Space']) await page.keyboard.press(key);
}

async function saved(page: Page, link: string): Promise<Buffer> {
  const [download] = await Promise.all([page.waitForEvent('download'), page.click(link)]);
  return readFile(await download.path());
}

describe.skipIf(skipsBrowser)('the model, after training', () => {
  beforeAll(async () => {
    browser = await launchBrowser('--disable-gpu');
    folder = await digitsFolder(60);
  });

  afterAll(() => closePages(browser));

  it('is fetched where the run gives it away, saved, and answers with no network', async () => {
    const server = await serve({ ...RUN, offerData: folder, shareModel: true });
    const context = await browser.newContext({ acceptDownloads: true });
    const { page, complaints } = await openJoinPage(context, server.url);
    await agreeByMouse(page);
    await page.click('#start');
    const { summary } = await server.finished;
    await page.waitForSelector('#own:not([hidden])');
    await drawStroke(page);
    const split = await askAbout(page);
    await page.click('#own-fetch');
    await page.waitForSelector('#own-files:not([hidden])', { timeout: 20_000 });
    expect(await page.innerText('#own-status')).toMatch(
      /^The model is here \([\d.]+ .B\) and answers without the server/,
    );
    expect(await axeFindings(page)).toEqual([]);
    const [json, weights] = [await saved(page, '#own-json'), await saved(page, '#own-weights')];
    const model = await openLayersFiles({ json: json.toString('utf8'), weights: new Uint8Array(weights) });
    expect(hashWeights(readModelWeights(model))).toBe(summary.weightsHash);
    model.dispose();

    await context.setOffline(true);
    await server.close();
    expect(await askAbout(page), 'the same answer, in airplane mode').toBe(split);
    expect(complaints).toEqual([]);
    await context.close();
  });

  it.runIf(wholeSuite)('is not offered where the run keeps it', async () => {
    const server = await serve({ ...RUN, offerData: folder, keepServing: true });
    const { page } = await openJoinPage(await browser.newContext(), server.url);
    await agreeByMouse(page);
    await page.click('#start');
    await page.waitForSelector('#predict:not([hidden])', { timeout: 20_000 });
    expect(await page.locator('#own').isHidden()).toBe(true);
    // The control of the test above: without the server, and without the model, there is no answer.
    await page.context().setOffline(true);
    await server.close();
    await drawStroke(page);
    await page.click('#ask');
    await page.waitForSelector('.trouble:not([hidden])', { timeout: 20_000 });
    expect(await page.innerText('.trouble:not([hidden])')).toMatch(/^No server answers any more\..*\(UNREACHABLE\)$/);
    await page.context().close();
  });
});
