import { readFile } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeRun } from '../../server/dashboard/describe-run.js';
import { serve, type RunningServer } from '../../server/serve.js';
import { resolveRun } from '../../shared/config.js';
import { reduceDashboard, type DashboardInput } from '../../shared/dashboard/reduce.js';
import { initialDashboard, type DashboardState } from '../../shared/dashboard/state.js';
import type { RunEvent } from '../../shared/events.js';
import { tinyTask } from '../helpers/tiny-task.js';
import { closePages, launchBrowser, skipsBrowser } from './browser-page.js';
import { axeFindings } from './join-world.js';
import { wholeSuite } from '../helpers/whole-suite.js';

const LONG = `a-name-that-goes-on-and-on-${'without-any-space-'.repeat(8)}to-its-end`;
const page = new URL('../../dist/web/dashboard/index.html', import.meta.url);

/** A run with so many clients, some steps into its first round. */
function started(clients: number, task = 'tiny', engine = 'onnx (wasm)'): DashboardState {
  const facts = describeRun('run', { ...tinyTask, name: task }, resolveRun(tinyTask, { clients }), engine);
  const events: RunEvent[] = [
    ...Array.from(
      { length: clients },
      (_, client) => ({ kind: 'client-joined', client, samples: 1e9, engine }) as const,
    ),
    { kind: 'round-started', round: 0, planned: 9_999 },
    ...Array.from(
      { length: clients },
      (_, i) => ({ kind: 'step', client: i, step: i + 1, loss: 2, samples: 7 }) as const,
    ),
  ];
  return after(initialDashboard(facts, 0), ...events.map((event, at) => ({ kind: 'event', at, event }) as const));
}

function after(state: DashboardState, ...inputs: readonly DashboardInput[]): DashboardState {
  return inputs.reduce(reduceDashboard, state);
}

const left = { kind: 'client-left', client: 1, code: null, reason: LONG } as const;
const states: Readonly<Record<string, DashboardState>> = {
  hundred: started(100),
  long: after(started(2, LONG, LONG), { kind: 'event', at: 9, event: left }),
  failed: after(started(3), { kind: 'failed', at: 9, code: 'NO_CLIENTS', reason: 'all clients have left the run' }),
};

describe.skipIf(skipsBrowser)('the dashboard of an unusual run', () => {
  let browser: Browser;
  let server: RunningServer;

  beforeAll(async () => {
    server = await serve({ task: tinyTask, engine: 'tfjs' });
    server.finished.catch(() => undefined);
    browser = await launchBrowser('--disable-gpu');
  });
  afterAll(async () => {
    await closePages(browser);
    await server.close();
  });

  /** The server's own page, with a state in it as a saved one has. */
  async function show(state: DashboardState, width: number): Promise<Page> {
    const shown = await browser.newPage({ viewport: { width, height: 700 } });
    const data = `<script type="application/json" id="saved-run">${JSON.stringify(state)}</script></body>`;
    const html = (await readFile(page, 'utf8')).replace('</body>', () => data);
    await shown.route(server.dashboard ?? '', (route) => route.fulfill({ contentType: 'text/html', body: html }));
    await shown.goto(server.dashboard ?? '');
    await shown.locator('#clients h3').first().waitFor();
    return shown;
  }

  it.runIf(wholeSuite).each(Object.keys(states))(
    'fits the smallest window, and axe objects to nothing: %s',
    async (name) => {
      const shown = await show(states[name] as DashboardState, 280);
      expect(await shown.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
      expect(await axeFindings(shown)).toEqual([]);
      await shown.close();
    },
  );

  it('keeps a hundred clients in a list that scrolls, also by keyboard', async () => {
    const shown = await show(started(100), 1200);
    expect(await shown.locator('#clients h3').count()).toBe(100);
    expect(await shown.textContent('#clients-count')).toBe('100 training');
    await shown.focus('#clients');
    await shown.keyboard.press('End');
    await shown.waitForFunction(() => (document.querySelector('#clients')?.scrollTop ?? 0) > 500);
    await shown.close();
  });

  it('says at the top why a run failed', async () => {
    const shown = await show(states.failed as DashboardState, 1200);
    expect(await shown.innerText('#situation')).toBe('It failed: all clients have left the run (NO_CLIENTS).');
    await shown.close();
  });
});
