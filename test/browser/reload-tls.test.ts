import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reloadRun } from '../../bench/campaigns/reload-run.js';
import { createRng } from '../../shared/rng.js';
import { closePages, launchBrowser, skipsBrowser } from './browser-page.js';
import { digitsFolder } from '../helpers/digits-folder.js';
import { wholeSuite } from '../helpers/whole-suite.js';

const seed = process.env.TANDEM_SEED ?? '19';

describe.skipIf(skipsBrowser)('a page over TLS', () => {
  let browser: Browser;
  beforeAll(async () => void (browser = await launchBrowser('--disable-gpu')));
  afterAll(() => closePages(browser));

  it.runIf(wholeSuite)(
    `is loaded again at any moment, and changes not a bit (TANDEM_SEED=${seed}); npm run campaign:reloads has more`,
    async () => {
      const tls = { tlsCert: 'test/vectors/loopback-cert.pem', tlsKey: 'test/vectors/loopback-key.pem' };
      const [steps, times] = wholeSuite ? [90, 2] : [40, 1];
      const folder = await digitsFolder(220);
      const run = { browser, folder, ...tls, steps, batch: 11, rng: createRng('reload', seed) };
      const expected = await reloadRun({ ...run, times: 0 });
      const { done, losses, ...end } = await reloadRun({ ...run, times });
      expect(Object.values(done).reduce((sum, times) => sum + times, 0)).toBeGreaterThan(0);
      expect(losses).toEqual([]);
      expect([end.weightsHash, end.steps]).toEqual([expected.weightsHash, steps]);
    },
  );
});
