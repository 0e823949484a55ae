import { readFile } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { join } from '../../client/node/join.js';
import { serve, type RunningServer } from '../../server/serve.js';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import type { Engine } from '../../shared/engine/engine.js';
import { tinyData, tinyTask } from '../helpers/tiny-task.js';
import { closePages, launchBrowser, skipsBrowser } from './browser-page.js';
import { axeFindings } from './join-world.js';

let engine: Engine;
let browser: Browser;
let page: Page;
let server: RunningServer;
const complaints: string[] = [];

async function train(): Promise<void> {
  const shards = [0, 1].map(async (index) => {
    for await (const _ of join(server.url, { data: tinyData(), shard: [index, 2], loadedEngine: engine }));
  });
  await Promise.all(shards);
}

const says = (selector: string, text: string | RegExp) =>
  page.locator(selector).filter({ hasText: text }).first().waitFor({ timeout: 10_000 });

describe.skipIf(skipsBrowser)('the dashboard in a browser', () => {
  beforeAll(async () => {
    engine = await chooseEngine('tfjs');
    const watched = { evaluateEvery: 1, roundSteps: 3 };
    server = await serve({ task: tinyTask, clients: 2, seed: 5, loadedEngine: engine, keepServing: true, ...watched });
    browser = await launchBrowser('--disable-gpu');
    page = await browser.newPage({ viewport: { width: 390, height: 800 } });
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    page.on('pageerror', ({ message }) => complaints.push(message));
    await page.goto(server.dashboard ?? '');
  });
  afterAll(async () => {
    await closePages(browser);
    await server.close();
  });

  it('shows a run with two clients live, from before they come to its end', async () => {
    await says('#phase', 'waiting for clients');
    await says('#clients', 'Nobody has joined yet');
    await says(
      '#situation',
      'It waits for 2 more clients. Join with a browser, or with npx tandem join ws://127.0.0.1:',
    );
    expect(await page.locator('#situation a').getAttribute('href')).toBe('join');
    await train();
    await says('#phase', 'finished');
    expect(await page.locator('#clients h3').allTextContents()).toEqual(['Client 0', 'Client 1']);
    await says('#course', /step (\d+) of \1,/);
    await says('#log', 'the run is over');
    await says('#clients-count', '2 done');
    expect(await page.isVisible('#situation')).toBe(false);
    await says('#news', 'the run is over');
    expect(await page.locator('#chart-loss canvas').count()).toBe(1);
    expect(await page.locator('#topology svg').getAttribute('aria-label')).toMatch(/^2 clients each hold the bottom/);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(overflow, 'fits a phone').toBeLessThanOrEqual(0);
    expect(complaints).toEqual([]);
  });

  it.each(['light', 'dark'] as const)('has nothing that axe objects to (%s)', async (scheme) => {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
    expect(await axeFindings(page)).toEqual([]);
  });

  it('is used by keyboard alone', async () => {
    await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
    const focused = () => page.evaluate(() => document.activeElement?.textContent?.trim());
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('To the run');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Enter');
    expect(await page.evaluate(() => document.documentElement.dataset.theme)).toBe('dark');
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('Save as a file');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.locator('details[open] tbody tr').nth(1).waitFor({ timeout: 5_000 });
  });

  it('is saved as one file that shows the same without a server', async () => {
    const [download] = await Promise.all([page.waitForEvent('download'), page.click('#export')]);
    const file = await download.path();
    expect(download.suggestedFilename()).toMatch(/^tandem-tiny[\w-]*\.html$/);
    expect(await readFile(file, 'utf8')).not.toMatch(/(?:src|href)="(?!data:|#)/);
    const html = await readFile(file, 'utf8');
    const offline = await browser.newContext({ offline: true });
    const saved = await offline.newPage();
    await saved.setContent(html);
    await saved.locator('#phase', { hasText: 'finished' }).waitFor({ timeout: 10_000 });
    expect(await saved.locator('#clients').textContent()).toBe(await page.locator('#clients').textContent());
    await offline.close();
  });
});
