import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findSource } from '../../client/node/own/find-source.js';
import { lookAt } from '../../client/node/own/own-data.js';
import { serve, type RunningServer } from '../../server/serve.js';
import { adam } from '../../shared/engine/optimizer.js';
import { defineTask, type Task } from '../../shared/task.js';
import type { Preparation } from '../../shared/preparation/preparation.js';
import { pictureFiles, soundFiles } from '../helpers/own-files.js';
import { folderOf } from '../helpers/temp-files.js';
import { tinyTask } from '../helpers/tiny-task.js';
import { closePages, launchBrowser, skipsBrowser } from './browser-page.js';
import { axeFindings, openJoinPage, says } from './join-world.js';
import { wholeSuite } from '../helpers/whole-suite.js';

let browser: Browser;
const servers: RunningServer[] = [];

/** A task as `serve --sample` makes it of a folder, with a smaller model. */
function taskOf(name: string, preparation: Preparation, inputShape: number[]): Task {
  return defineTask({
    name,
    preparation,
    cut: 'own',
    loss: 'softmaxCrossEntropy',
    labels: [{ name: 'class', dtype: 'int32', shape: [], min: 0, max: 1 }],
    metrics: ['accuracy'],
    optimizer: adam(0.01),
    batch: 4,
    epochs: 1,
    model: () =>
      tf.sequential({
        layers: [
          tf.layers.flatten({ name: 'flat', inputShape }),
          tf.layers.dense({ name: 'own', units: 4 }),
          tf.layers.dense({ name: 'logits', units: 2 }),
        ],
      }),
  });
}

async function sampled(name: string, files: Readonly<Record<string, Uint8Array>>): Promise<Task> {
  const source = await findSource(await folderOf(files));
  const { preparation, data } = await lookAt(source, {});
  const { inputs } = await data.train.batch([0]);
  return taskOf(name, preparation, (inputs[0]?.shape ?? []).slice(1));
}

async function open(task: Task): Promise<{ page: Page; server: RunningServer; complaints: string[] }> {
  const server = await serve({ task, clients: 1, engine: 'onnx' });
  server.finished.catch(() => undefined);
  servers.push(server);
  const { page, complaints } = await openJoinPage(await browser.newContext(), server.url);
  await page.waitForSelector('#sources:enabled', { timeout: 20_000 });
  await page.check('input[value=files]');
  return { page, server, complaints };
}

async function trainToTheEnd(page: Page): Promise<void> {
  await page.check('#consent:enabled');
  await page.click('#start');
  await says(page, 'train-status', 'The run is over');
}

/** The height of a picture's light part in each quarter of its width. */
function loudness(page: Page): Promise<number[]> {
  return page
    .locator('#preview canvas.wave')
    .first()
    .evaluate((canvas) => {
      const { width, height } = canvas as HTMLCanvasElement;
      const { data } = (canvas as HTMLCanvasElement).getContext('2d')!.getImageData(0, 0, width, height);
      return [0, 1, 2, 3].map((quarter) => {
        let light = 0;
        const [from, to] = [Math.floor((quarter * width) / 4), Math.floor(((quarter + 1) * width) / 4)];
        for (let x = from; x < to; x++)
          for (let y = 0; y < height; y++) light += Number(data[4 * (y * width + x)]! > 128);
        return light / (to - from) / height;
      });
    });
}

describe.skipIf(skipsBrowser)("files of one's own in a tab", () => {
  beforeAll(async () => {
    browser = await launchBrowser('--disable-gpu');
  });

  afterAll(async () => {
    await closePages(browser);
    await Promise.all(servers.map((server) => server.close()));
  });

  it.runIf(wholeSuite)('are sounds, in folders or single ones whose class is said, seen as waves', async () => {
    const task = await sampled('pitches', soundFiles(6));
    const { page, server, complaints } = await open(task);
    await says(page, 'run-facts', 'sounds of yours, with the class of each');
    await says(page, 'drop-hint', 'one folder a class of .wav files here');
    expect(await page.locator('#table-button, #draw-choice').filter({ visible: true }).count()).toBe(0);

    const own = soundFiles(3);
    const cut = (own['high/1.wav'] ?? new Uint8Array()).subarray(0, 20);
    await page.setInputFiles('#folder', await folderOf({ ...own, 'high/1.wav': cut }));
    await says(page, 'data-trouble', /^high\/1\.wav: it holds no sound.* \(BAD_DATA\)$/);
    await page.setInputFiles('#folder', await folderOf({ 'low/a.mp3': new Uint8Array(4) }));
    await says(page, 'data-trouble', 'low/a.mp3 is a sound that is no .wav');
    await page.setInputFiles('#folder', await folderOf(own));
    await says(page, 'data-status', '6 samples');

    // The first half of this one is silent.
    const silent = new Uint8Array(own['low/1.wav'] ?? []);
    silent.fill(0, 44, 44 + Math.floor((silent.length - 44) / 4) * 2);
    const single = await folderOf({
      'mine.wav': silent,
      'other.wav': own['low/2.wav'] ?? '',
      'high.wav': own['high/0.wav'] ?? '',
    });
    await page.setInputFiles('#single', [join(single, 'mine.wav'), join(single, 'other.wav')]);
    await says(page, 'loose-status', 'Which class are 2 files, such as mine.wav?');
    expect(await axeFindings(page)).toEqual([]);
    await page.selectOption('#loose-label', 'low');
    await says(page, 'data-status', '2 samples');
    await page.setInputFiles('#single', join(single, 'high.wav'));
    await says(page, 'loose-status', 'Given: 2 of class low. Which class is high.wav?');
    await page.selectOption('#loose-label', 'high');
    await says(page, 'data-status', '3 samples');

    await page.click('#show-preview:enabled');
    await says(page, 'preview', /Stays here: mine\.wav.*label 1 \(low\).*Stays here: high\.wav.*label 0 \(high\)/);
    const [first = 1, second = 1, third = 0, fourth = 0] = await loudness(page);
    expect(Math.max(first, second)).toBeLessThan(0.1);
    expect(Math.min(third, fourth)).toBeGreaterThan(0.5);
    expect(await axeFindings(page)).toEqual([]);
    await trainToTheEnd(page);
    expect((await server.finished).summary.samples).toBe(3);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it.runIf(wholeSuite)('are single photos, PNG and JPEG of any size, of the classes of the run', async () => {
    const { page, server } = await open(await sampled('halves', pictureFiles(5)));
    await says(page, 'drop-hint', 'or single photos');
    const photos = await folderOf(pictureFiles(2));
    await page.setInputFiles('#table', { name: 'a.csv', mimeType: 'text/csv', buffer: Buffer.from('a,b\n1,2\n') });
    await says(page, 'data-trouble', 'A table was given, and this run takes pictures');
    await page.setInputFiles('#single', [join(photos, 'below/0.png'), join(photos, 'below/1.jpg')]);
    await page.selectOption('#loose-label', 'below');
    await says(page, 'data-status', '2 samples');
    // Thought better of.
    await page.click('#loose-again');
    expect(await page.locator('#show-preview').isDisabled()).toBe(true);
    await page.setInputFiles('#single', [join(photos, 'below/0.png'), join(photos, 'below/1.jpg')]);
    await page.selectOption('#loose-label', 'below');
    // A folder that holds pictures and no folders is asked about, too.
    await page.setInputFiles('#folder', join(photos, 'above'));
    await says(page, 'loose-status', 'Given: 2 of class below. Which class are 2 files');
    await page.selectOption('#loose-label', 'above');
    await says(page, 'data-status', '4 samples');
    await page.click('#show-preview:enabled');
    await says(page, 'preview', /Stays here: 0\.png.*label 1 \(below\).*label 0 \(above\)/);
    await trainToTheEnd(page);
    expect((await server.finished).summary.samples).toBe(4);
    await page.context().close();
  });

  it.runIf(wholeSuite)('are tables, seen as tables, whose wrong rows are named', async () => {
    const { page } = await open(tinyTask);
    const rows = ['a,b,c,d,kind', '1,2,3,4,0', '', '5.50,6,7,8,1', '9,10,11,x,2'];
    const give = (lines: readonly string[]) =>
      page.setInputFiles('#table', { name: 'own.csv', mimeType: 'text/csv', buffer: Buffer.from(lines.join('\n')) });
    await give(rows);
    await says(page, 'data-trouble', /own\.csv, line 5.*'d'.*'x'/);
    await give(rows.slice(0, -1));
    await says(page, 'data-status', '2 samples');
    await page.click('#show-preview:enabled');
    await says(page, 'preview', /Stays here: own\.csv, line 2.*Stays here: own\.csv, line 4/);
    const cells = await page.locator('#preview table').nth(1).locator('tr').allInnerTexts();
    expect(cells.map((line) => line.split(/\s+/).filter(Boolean))).toEqual([
      ['a', '5.50'],
      ['b', '6'],
      ['c', '7'],
      ['d', '8'],
      ['kind', '1'],
    ]);
    expect(await axeFindings(page)).toEqual([]);
    await page.context().close();
  });
});
