import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Browser, Page } from 'playwright-core';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { join } from '../../client/node/join.js';
import { loadIdx } from '../../client/node/data/idx.js';
import { serve, type RunningServer, type ServeOptions } from '../../server/serve.js';
import { mnist } from '../../shared/tasks/mnist.js';
import { closePages, launchBrowser, skipsBrowser } from './browser-page.js';
import { agreeByMouse, openJoinPage } from './join-world.js';
import { digitsFolder } from '../helpers/digits-folder.js';
import { wholeSuite } from '../helpers/whole-suite.js';

const LONG = 100_000;

let browser: Browser;
let folder: string;
const servers: RunningServer[] = [];
const children: ChildProcess[] = [];

async function open(options: Partial<ServeOptions> = {}): Promise<RunningServer> {
  const server = await serve({ task: mnist, batch: 11, engine: 'onnx', offerData: folder, ...options });
  server.finished.catch(() => undefined);
  servers.push(server);
  return server;
}

/** A page of which only the start is left to do. */
async function readyPage(url: string): Promise<Page> {
  const { page } = await openJoinPage(await browser.newContext(), url);
  await agreeByMouse(page);
  return page;
}

/** What the page says once it trains no more, and says so to screen readers, too. */
async function ending(page: Page): Promise<string> {
  const status = page.locator('#train-status[role=status]');
  await status.filter({ hasText: /\([A-Z_]+\)$/ }).waitFor({ timeout: 20_000 });
  expect(await page.locator('#start').isEnabled(), 'one may try again').toBe(true);
  return status.innerText();
}

/** The page says that it tries again, and whoever does not want to wait need not. */
async function leaveUnreachable(page: Page): Promise<void> {
  await page.waitForSelector('#train-status:has-text("The server cannot be reached.")', { timeout: 20_000 });
  await page.click('#leave:enabled');
  expect(await ending(page)).toMatch(/^You have left the run\. .*\(CANCELLED\)$/);
}

describe.skipIf(skipsBrowser)('the join page says in a sentence', () => {
  beforeAll(async () => {
    browser = await launchBrowser('--disable-gpu');
    folder = await digitsFolder(60);
  });

  afterEach(async () => {
    children.splice(0).forEach((child) => child.kill('SIGKILL'));
    await closePages(browser);
    await Promise.all(servers.splice(0).map((server) => server.close()));
  });

  it.runIf(wholeSuite)('that the run is full', async () => {
    const server = await open({ clients: 1, steps: LONG });
    const page = await readyPage(server.url);
    const run = join(server.url, { data: await loadIdx(folder), engine: 'onnx' });
    await run[Symbol.asyncIterator]().next();
    await page.click('#start');
    expect(await ending(page)).toMatch(/^All places of this run are taken\. .*\(RUN_FULL\)$/);
    await run.leave();
  });

  it.runIf(wholeSuite)('that the run is over', async () => {
    const server = await open({ clients: 1, steps: 2, keepServing: true });
    // Who comes later is told before anything is loaded.
    const page = await readyPage(server.url);
    for await (const _ of join(server.url, { data: await loadIdx(folder), engine: 'onnx' }));
    await server.finished;
    await page.click('#start');
    expect(await ending(page)).toMatch(/^This run is over; there is nothing left to train\. \(RUN_OVER\)$/);
  });

  it.runIf(wholeSuite)('that the server is gone, before it trains', async () => {
    const server = await open({ clients: 1 });
    const page = await readyPage(server.url);
    await server.close();
    await page.click('#start');
    await leaveUnreachable(page);
  });

  it.runIf(wholeSuite)('that the server was stopped, while it trains', async () => {
    const server = await open({ clients: 1, steps: LONG, graceSeconds: 1 });
    const page = await readyPage(server.url);
    await page.click('#start');
    await page.waitForSelector('#numbers dt');
    await server.close();
    expect(await ending(page)).toMatch(/^Whoever runs the server has stopped it\. .*\(CANCELLED\)$/);
  });

  it.runIf(wholeSuite)('that the server cannot be reached, while it trains', async () => {
    const url = await serveInProcess();
    const page = await readyPage(url);
    await page.click('#start');
    await page.waitForSelector('#numbers dt');
    children[0]?.kill('SIGKILL');
    await leaveUnreachable(page);
  });

  it.runIf(wholeSuite)('that the person has left', async () => {
    const server = await open({ clients: 1, steps: LONG });
    const page = await readyPage(server.url);
    await page.click('#start');
    await page.waitForSelector('#numbers dt');
    await page.click('#leave');
    expect(await ending(page)).toMatch(/^You have left the run\. .*\(CANCELLED\)$/);
  });
});

/** A server that can be killed; answers its address. */
async function serveInProcess(): Promise<string> {
  const flags = [
    '--task',
    'mnist',
    '--clients',
    '1',
    '--port',
    '0',
    '--grace',
    '1',
    '--offer-data',
    folder,
    '--steps',
    String(LONG),
  ];
  const child = spawn(process.execPath, ['dist/cli/main.js', 'serve', ...flags], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  children.push(child);
  for await (const line of createInterface({ input: child.stderr })) {
    const [url] = /ws:\/\/127\.0\.0\.1:\d+/.exec(line) ?? [];
    if (url !== undefined) return url;
  }
  throw new Error('the server did not start');
}
