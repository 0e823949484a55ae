import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serve } from '../../server/serve.js';
import type { RunCard } from '../../shared/run-card.js';
import { mnist } from '../../shared/tasks/mnist.js';
import { digitsFolder } from '../helpers/digits-folder.js';
import { closePages, launchBrowser, skipsBrowser } from './browser-page.js';
import { axeFindings, listenForComplaints, says } from './join-world.js';
import { wholeSuite } from '../helpers/whole-suite.js';

/** Where the pictures of the last run of this test lie. */
const PICTURES = fileURLToPath(new URL('../../dist/join-states/', import.meta.url));
const SIZES = { phone: { width: 360, height: 740 }, desk: { width: 1180, height: 900 } };

let browser: Browser;

/** Looks at a state of the page on a phone and at a desk, in the light and in the dark: a picture of each, and what axe-core finds. */
async function look(page: Page, state: string): Promise<void> {
  for (const [size, viewport] of Object.entries(SIZES)) {
    await page.setViewportSize(viewport);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      const name = `${state}-${size}-${colorScheme}`;
      await page.screenshot({ path: `${PICTURES}${name}.png`, fullPage: true });
      expect(await axeFindings(page), name).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), `${name} fits`).toBe(true);
    }
  }
}

describe.skipIf(skipsBrowser)('each state of the join page', () => {
  beforeAll(async () => {
    browser = await launchBrowser('--disable-gpu');
    await mkdir(PICTURES, { recursive: true });
  });

  afterAll(() => closePages(browser));

  it('can be read by everybody, on every size, before there is a place and after', async () => {
    const server = await serve({ task: mnist, clients: 3, engine: 'onnx' });
    server.finished.catch(() => undefined);
    const page = await browser.newPage();
    let told: (card: RunCard) => Partial<RunCard> = () => ({});
    await page.route('**/run.json', async (route) => {
      const answer = await route.fetch();
      const card = (await answer.json()) as RunCard;
      await route.fulfill({ json: { ...card, ...told(card) } });
    });
    for (const [state, text] of [
      ['full', 'All places'],
      ['over', 'This run is over'],
      ['failed', 'has ended before its time'],
    ] as const) {
      told = () => ({ state, answersAfter: state === 'over' });
      await page.goto(`${server.url.replace(/^ws/, 'http')}/join`);
      await says(page, 'run-status', text);
      await look(page, state);
    }
    // A drawing is nothing for a model of tables.
    const row = { name: 'row', dtype: 'float32', shape: [14] } as const;
    for (const [inputs, isOffered] of [
      [undefined, true],
      [[row], false],
    ] as const) {
      told = ({ run }) => ({
        state: 'over',
        answersAfter: true,
        run: run && { ...run, plan: run.plan && { ...run.plan, inputs: inputs ?? run.plan.inputs } },
      });
      await page.reload();
      await says(page, 'run-facts', inputs ? /of a row of a table/ : /of a picture/);
      expect(await page.isVisible('#try')).toBe(isOffered);
    }
    await page.unrouteAll();
    await server.close();
    await page.reload().catch(() => undefined);
    await page.close();
  });

  it.runIf(wholeSuite)('can be read by everybody, on every size, from the first look to the last', async () => {
    const folder = await digitsFolder(90);
    const run = { task: mnist, clients: 1, batch: 4, steps: 45, roundSteps: 15, engine: 'onnx', seed: 60_041 };
    const server = await serve({ ...run, offerData: folder, keepServing: true, shareModel: true });
    const page = await browser.newPage();
    const complaints = listenForComplaints(page);
    let letThrough: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (letThrough = resolve));
    await page.route('**/*.wasm', async (route) => {
      await held;
      await route.continue();
    });
    await page.goto(`${server.url.replace(/^ws/, 'http')}/join`);
    await says(page, 'loading-text', /Loading what computes/);
    await look(page, 'loading');
    letThrough();
    await page.waitForSelector('#sources:enabled');
    await look(page, 'choice');
    await page.check('input[value=files]');
    await page.setInputFiles('#folder', []).catch(() => undefined);
    await page.setInputFiles('#table', { name: 'own.csv', mimeType: 'text/csv', buffer: Buffer.from('a,b\n1,2,3\n') });
    await page.waitForSelector('#data-trouble:not([hidden])');
    await look(page, 'wrong-data');
    await page.check('input[value=offered]');
    await page.click('#show-preview:enabled');
    await page.check('#consent:enabled');
    await look(page, 'agreed');
    await page.click('#start');
    await says(page, 'course-text', /^Step \d+ of about \d+/);
    await page.click('#pause');
    await look(page, 'training');
    await page.click('#pause');
    await says(page, 'train-status', 'The run is over');
    await page.waitForSelector('#predict:not([hidden])');
    await look(page, 'over-and-model');
    expect(complaints).toEqual([]);
    await page.close();
    await server.close();
  });
});
