import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Page } from 'playwright-core';
import { NEIGHBOUR, type OpenRun } from './served-run.js';

export const executablePath = process.env.TANDEM_CHROMIUM ?? '/usr/bin/chromium';

const HOSTS = [NEIGHBOUR, '127.0.0.1'];

/** What a tab loaded until its first training step, by the browser's own network log. */
export interface Visit {
  /** As it came over the network, without heads of answers, the visitor's data and the model. */
  readonly bytes: number;
  readonly files: number;
  readonly secondsToFirstStep: number;
  readonly largest: Readonly<Record<string, number>>;
}

/** Opens the join page twice with one new profile, each time until the first step of a run of its own. */
export async function visitTwice(open: () => Promise<OpenRun>): Promise<Visit[]> {
  const folder = await mkdtemp(join(tmpdir(), 'tandem-visit-'));
  try {
    const visits: Visit[] = [];
    for (let time = 0; time < 2; time++) {
      const run = await open();
      try {
        const netLog = join(folder, `log-${time}.json`);
        const seconds = await firstStep(run, join(folder, 'profile'), netLog);
        visits.push({ ...readNetLog(await readFile(netLog, 'utf8')), secondsToFirstStep: seconds });
      } finally {
        await run.close();
      }
    }
    return visits;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function firstStep({ url, flags }: OpenRun, profile: string, netLog: string): Promise<number> {
  const context = await chromium.launchPersistentContext(profile, {
    executablePath,
    headless: true,
    args: ['--no-sandbox', '--disable-gpu', `--log-net-log=${netLog}`, ...flags],
  });
  try {
    const page = await context.newPage();
    page.setDefaultTimeout(60_000);
    const began = performance.now();
    await page.goto(`${url()}/join`);
    await agree(page);
    await firstStepDone(page);
    return Number(((performance.now() - began) / 1000).toFixed(1));
  } finally {
    await context.close();
  }
}

/** Chooses the data the server offers, looks at what would be sent, agrees and starts. */
export async function agree(page: Page): Promise<void> {
  await page.check('input[value=offered]');
  await page.click('#show-preview:enabled');
  await page.check('#consent:enabled');
  await page.click('#start:enabled');
}

export async function firstStepDone(page: Page): Promise<void> {
  await page.waitForFunction(() => /Step\s*[1-9]/.test(document.getElementById('numbers')?.innerText ?? ''));
}

interface NetLog {
  readonly constants: { readonly logEventTypes: Readonly<Record<string, number>> };
  readonly events: readonly {
    readonly type: number;
    readonly source: { readonly id: number };
    readonly params?: { readonly url?: string; readonly byte_count?: number };
  }[];
}

/** Adds up the bodies that came over the network: what came out of the cache has no network transaction that reads a body. */
function readNetLog(text: string): Omit<Visit, 'secondsToFirstStep'> {
  const { constants, events } = JSON.parse(text) as NetLog;
  const named = (name: string) => events.filter(({ type }) => type === constants.logEventTypes[name]);
  const bytesBySource = (name: string) => {
    const sums = new Map<number, number>();
    for (const { source, params } of named(name))
      sums.set(source.id, (sums.get(source.id) ?? 0) + (params?.byte_count ?? 0));
    return sums;
  };
  // The log has the bytes as they came where something unpacks them, and else only those that were read.
  const [packed, plain] = [
    bytesBySource('URL_REQUEST_JOB_BYTES_READ'),
    bytesBySource('URL_REQUEST_JOB_FILTERED_BYTES_READ'),
  ];
  const loaded = new Set(named('HTTP_TRANSACTION_READ_BODY').map(({ source }) => source.id));
  const sizes = new Map<string, number>();
  for (const { source, params } of named('URL_REQUEST_START_JOB')) {
    const { hostname, pathname } = new URL(params?.url ?? 'http://nobody');
    if (!HOSTS.includes(hostname) || pathname.includes('/data/') || !loaded.has(source.id)) continue;
    sizes.set(pathname, (sizes.get(pathname) ?? 0) + (packed.get(source.id) ?? plain.get(source.id) ?? 0));
  }
  const largest = [...sizes].sort(([, a], [, b]) => b - a).slice(0, 8);
  const bytes = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  return { bytes, files: sizes.size, largest: Object.fromEntries(largest) };
}
