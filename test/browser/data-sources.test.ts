import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { serve, type RunningServer, type ServeOptions } from '../../server/serve.js';
import { smallDigits } from '../helpers/small-digits.js';
import { tinyTask } from '../helpers/tiny-task.js';
import { closePages, launchBrowser, skipsBrowser } from './browser-page.js';
import { axeFindings, openJoinPage } from './join-world.js';
import { wholeSuite } from '../helpers/whole-suite.js';

const INSECURE = 'tandem-insecure.test';
/** One browser for all that have a camera, by an address that browsers trust and one that they do not. */
const FAKE_CAMERA = [
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
  `--host-resolver-rules=MAP ${INSECURE} 127.0.0.1`,
];

const browsers: Browser[] = [];
const servers: RunningServer[] = [];

async function open(browser: Browser, options: Partial<ServeOptions> = {}): Promise<Page> {
  const server = await serve({ task: smallDigits, clients: 1, steps: 2, engine: 'onnx', ...options });
  server.finished.catch(() => undefined);
  servers.push(server);
  const { page } = await openJoinPage(await browser.newContext(), server.url);
  await page.waitForSelector('#sources:enabled', { timeout: 20_000 });
  return page;
}

async function launch(...flags: string[]): Promise<Browser> {
  const browser = await launchBrowser('--disable-gpu', ...flags);
  browsers.push(browser);
  return browser;
}

/** Looks at what would be sent, agrees, and trains to the end; answers the labels that were shown. */
async function train(page: Page): Promise<string[]> {
  await page.click('#show-preview:enabled', { timeout: 10_000 });
  await page.check('#consent:enabled');
  const shown = await page.locator('#preview h3', { hasText: 'with the label' }).allTextContents();
  await page.click('#start');
  await page.waitForSelector('text=The run is over', { timeout: 20_000 });
  return shown.map((text) => /with the label (\S+)/.exec(text)?.[1] ?? '');
}

/** A folder of images, one folder a class: of each as many as its number says. */
async function imageFolder(counts: Readonly<Record<string, number>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tandem-images-'));
  for (const [name, count] of Object.entries(counts)) {
    await mkdir(join(folder, name));
    for (let i = 0; i < count; i++) {
      const png = new PNG({ width: 41, height: 30 });
      png.data.forEach((_, at) => (png.data[at] = at % 4 === 3 ? 255 : (at * (i + 3)) % 251));
      await writeFile(join(folder, name, `${i}.png`), PNG.sync.write(png));
    }
  }
  return folder;
}

const troubleOf = (page: Page) => page.locator('.trouble:not([hidden])').innerText({ timeout: 10_000 });

describe.skipIf(skipsBrowser)('data in the page', () => {
  let plain: Browser;

  beforeAll(async () => {
    plain = await launch();
  });

  afterEach(() => Promise.all(servers.splice(0).map((server) => server.close())));
  afterAll(() => Promise.all(browsers.map(closePages)));

  it.runIf(wholeSuite)('are a folder of images, whose numbers are labels even where classes are missing', async () => {
    const page = await open(plain);
    await page.check('input[value=files]');
    await page.setInputFiles('#folder', await imageFolder({ 3: 2, 7: 4 }));
    await page.waitForSelector('text=6 samples to train on');
    expect(await train(page)).toEqual(['3', '7', '7']);
  });

  it.runIf(wholeSuite)(
    'are a folder of images whose numbers are none of the run’s classes: it says which',
    async () => {
      const page = await open(plain);
      await page.check('input[value=files]');
      await page.setInputFiles('#folder', await imageFolder({ 3: 1, 12: 1 }));
      expect(await troubleOf(page)).toMatch(
        /12\/0\.png is of class '12', which is none of the classes: the data have 12, 3\. The classes are 0, 1, .*9\. \(BAD_DATA\)$/,
      );
    },
  );

  it.runIf(wholeSuite)('are folders that the run numbers in its own way, or has not: it says which', async () => {
    const task = { ...smallDigits, classes: ['ants', 'birds', 'cats', 'dogs'] };
    const page = await open(plain, { task });
    await page.check('input[value=files]');
    await page.setInputFiles('#folder', await imageFolder({ cats: 1, zebras: 1 }));
    expect(await troubleOf(page)).toMatch(
      /^The data have the classes cats, zebras, and the run has ants, birds, cats, dogs\. .* \(BAD_DATA\)$/,
    );
    await page.setInputFiles('#folder', await imageFolder({ dogs: 1, birds: 1 }));
    await page.waitForSelector('text=2 samples to train on');
    expect((await train(page)).sort()).toEqual(['1', '3']);
  });

  it('are a CSV file, with the label in the column that is chosen', async () => {
    const page = await open(plain, { task: tinyTask });
    const file = join(await mkdtemp(join(tmpdir(), 'tandem-csv-')), 'own.csv');
    const rows = Array.from({ length: 9 }, (_, i) => `${i % 3},0.5,-${i},2.25,${i / 7}`);
    await writeFile(file, ['kind,a,b,c,d', ...rows].join('\n'));
    await page.check('input[value=files]');
    await page.setInputFiles('#table', file);
    await page.selectOption('#column', 'kind');
    await page.waitForSelector('text=9 samples to train on');
    expect(await train(page)).toEqual(['0', '1', '2']);
  });

  it.runIf(wholeSuite)('are drawn by hand', async () => {
    const page = await open(plain);
    await page.check('input[value=draw]');
    for (const label of ['4', '9']) {
      const pad = await page.locator('#pad canvas').boundingBox();
      if (!pad) throw new Error('no pad');
      await page.mouse.move(pad.x + 80, pad.y + 60);
      await page.mouse.down();
      await page.mouse.move(pad.x + 90, pad.y + 160, { steps: 5 });
      await page.mouse.up();
      await page.selectOption('#drawn-label', label);
      await page.click('#keep');
    }
    await page.waitForSelector('text=2 drawn');
    expect(await train(page)).toEqual(['4', '9']);
  });

  it.runIf(wholeSuite)('are pictures of the camera, which is on only while it is needed', async () => {
    const page = await open(await launch(...FAKE_CAMERA));
    await page.check('input[value=camera]');
    for (const label of ['5', '2', '8']) {
      await page.selectOption('#taken-label', label);
      await page.click('#take:enabled');
    }
    await page.waitForSelector('text=3 taken');
    expect(await axeFindings(page)).toEqual([]);
    const isOn = () =>
      page.locator('#camera-video').evaluate((video) => (video as HTMLVideoElement).srcObject !== null);
    expect(await isOn()).toBe(true);
    await page.check('input[value=draw]');
    expect(await isOn(), 'while something else is chosen').toBe(false);
    await page.check('input[value=camera]');
    await page.waitForSelector('text=3 samples to train on');
    expect(await train(page)).toEqual(['5', '2', '8']);
    expect(await isOn(), 'after the start').toBe(false);
  });

  it.runIf(wholeSuite)('are not pictures of a camera that is missing: it says so', async () => {
    const page = await open(
      await launch('--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream=device-count=0'),
    );
    await page.check('input[value=camera]');
    expect(await troubleOf(page)).toMatch(/^There is no camera on this device\. .*other data\. \(MISSING\)$/);
    expect(await page.locator('#take').isDisabled()).toBe(true);
  });

  it.runIf(wholeSuite)('are not pictures of a camera that was refused: it says what to do', async () => {
    const page = await open(await launch('--use-fake-device-for-media-stream', '--deny-permission-prompts'));
    await page.check('input[value=camera]');
    expect(await troubleOf(page)).toMatch(/^This page may not use the camera\. Allow it .* \(MISSING\)$/);
  });

  it.runIf(wholeSuite)('are not pictures of a camera over plain http: it says so', async () => {
    const browser = await launch(...FAKE_CAMERA);
    const port = await freePort();
    const server = await serve({
      task: smallDigits,
      engine: 'onnx',
      port,
      allowOrigin: [`http://${INSECURE}:${port}`],
    });
    server.finished.catch(() => undefined);
    servers.push(server);
    const { page } = await openJoinPage(await browser.newContext(), `ws://${INSECURE}:${port}`);
    await page.waitForSelector('#sources:enabled', { timeout: 20_000 });
    expect(await page.textContent('#keeps')).toMatch(/^Nothing can be kept on this device: .* without TLS; .*https/);
    await page.check('input[value=camera]');
    expect(await troubleOf(page)).toMatch(
      /^Browsers give the camera only to pages that come over https\. .* \(MISSING\)$/,
    );
  });
});

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
