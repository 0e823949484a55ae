import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pictureFiles } from '../helpers/own-files.js';
import { Command, lastLine } from '../helpers/run-cli.js';
import { folderOf } from '../helpers/temp-files.js';
import { closePages, launchBrowser, skipsBrowser } from './browser-page.js';
import { openJoinPage, says } from './join-world.js';
import { wholeSuite } from '../helpers/whole-suite.js';

let browser: Browser;

describe.skipIf(skipsBrowser)('tandem serve --sample with a folder of pictures', () => {
  beforeAll(async () => {
    browser = await launchBrowser('--disable-gpu');
  });

  afterAll(() => closePages(browser));

  it.runIf(wholeSuite)(
    'trains on those of a tab, read as those of the sample: damaged ones left out and said',
    async () => {
      const sample = await folderOf({ ...pictureFiles(12), 'above/damaged.png': new Uint8Array(9) });
      const save = `${sample}-run`;
      const serving = new Command(
        ...['serve', '--sample', sample, '--skip-unreadable', '--size', '12x12', '--save', save],
        ...['--clients', '1', '--epochs', '1', '--port', '0', '--json'],
      );
      const [, url = ''] = await serving.said(/ at (ws:\S+), waiting/);
      const { page, complaints } = await openJoinPage(await browser.newContext(), url);
      await page.waitForSelector('#sources:enabled', { timeout: 20_000 });
      await page.check('input[value=files]');
      const own = await folderOf({ ...pictureFiles(4), 'below/half.png': new TextEncoder().encode('no picture') });
      await page.setInputFiles('#folder', own);
      await says(page, 'data-status', '8 samples');
      await says(page, 'data-status', /1 file cannot be read and is left out: below\/half\.png/);
      await page.click('#show-preview:enabled');
      await says(page, 'preview', /Stays here: above\/0\.png.*label 0 \(above\)/);
      await page.check('#consent:enabled');
      await page.click('#start');
      await says(page, 'train-status', 'The run is over');
      expect(complaints).toEqual([]);

      const { code, stdout, stderr } = await serving.done;
      expect(code, stderr).toBe(0);
      expect(stderr).toMatch(/1 file cannot be read and is left out: .*above\/damaged\.png/);
      expect(lastLine(stdout)).toMatchObject({ samples: 8 });
      const task = await readFile(join(save, 'task.mjs'), 'utf8');
      expect(task).toContain('size: [12, 12]');
      expect(task).toContain('skipUnreadable: true');
    },
  );
});
