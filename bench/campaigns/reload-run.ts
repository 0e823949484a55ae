import type { Browser, Page } from 'playwright-core';
import { serve, type RunningServer } from '../../server/serve.js';
import type { Rng } from '../../shared/rng.js';
import { mnist } from '../../shared/tasks/mnist.js';

export const disturbances = ['reload', 'close', 'elsewhere'] as const;
export type Disturbance = (typeof disturbances)[number];

export interface ReloadRunOptions {
  readonly browser: Browser;
  /** Digits in idx files, which the server offers to the page. */
  readonly folder: string;
  readonly steps: number;
  readonly batch: number;
  /** A certificate and its key, as PEM files; the page need not trust it. */
  readonly tlsCert: string;
  readonly tlsKey: string;
  /** How often the page is loaded again, closed and opened again, or sent elsewhere and back; fewer where the run ends before. */
  readonly times: number;
  readonly rng: Rng;
}

export interface ReloadRunResult {
  readonly weightsHash: string;
  readonly steps: number;
  readonly done: Readonly<Record<Disturbance, number>>;
  /** Why the server let the client go, where it did. */
  readonly losses: readonly string[];
}

const GRACE_SECONDS = 60;
const PATIENCE_MS = 120_000;
/** After a page has begun to load, or after the run has gone on. */
const MOST_MS = 2_000;
const MOST_AWAY_MS = 1_000;

/** A run of one page over TLS that does not stay. Throws where the run does not end well. */
export async function reloadRun({ browser, folder, times, rng, ...run }: ReloadRunOptions): Promise<ReloadRunResult> {
  const losses: string[] = [];
  let taken = 0;
  let stepped: () => void = () => undefined;
  const server = await serve({
    ...{
      task: mnist,
      clients: 1,
      seed: 23,
      engine: 'onnx',
      graceSeconds: GRACE_SECONDS,
      port: 0,
      roundSteps: 40,
      ...run,
    },
    offerData: folder,
    onEvent: (event) => {
      if (event.kind === 'step') {
        taken++;
        stepped();
      }
      if (event.kind === 'refused' || event.kind === 'client-left') losses.push(event.reason);
    },
  });
  let over = false;
  // The last step may be taken already while a next one is waited for.
  const finished = server.finished.finally(() => {
    over = true;
    stepped();
  });
  finished.catch(() => undefined);
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  context.setDefaultTimeout(PATIENCE_MS);
  const done = { reload: 0, close: 0, elsewhere: 0 };
  try {
    const url = `${server.url.replace(/^ws/, 'http')}/join`;
    let page = await context.newPage();
    await page.goto(url);
    await begin(page);
    await within(nextStep());
    for (let i = 0; i < times && !over; i++) {
      // Half of them while the page still loads.
      if (rng.int(2) === 0) await within(nextStep());
      await pauseOrUntil(rng.int(MOST_MS), (run.steps * (i + 1)) / (times + 1));
      const kind = disturbances[rng.int(disturbances.length)] ?? 'reload';
      if (over) break;
      if (kind === 'reload') await page.reload({ waitUntil: 'commit' });
      else if (kind === 'close') {
        await page.close();
        await pause(rng.int(MOST_AWAY_MS));
        page = await context.newPage();
        await page.goto(url, { waitUntil: 'commit' });
      } else {
        await page.goto('about:blank');
        await pause(rng.int(MOST_AWAY_MS));
        await page.goto(url, { waitUntil: 'commit' });
      }
      done[kind]++;
    }
    const { summary } = await within(finished);
    return { weightsHash: summary.weightsHash, steps: summary.steps, done, losses };
  } finally {
    await context.close();
    await close(server);
  }

  function nextStep(): Promise<void> {
    return over ? Promise.resolve() : new Promise<void>((resolve) => (stepped = resolve));
  }

  /** A fast machine would end the run before the pause does. */
  async function pauseOrUntil(ms: number, steps: number): Promise<void> {
    let paused = false;
    const end = pause(ms).then(() => void (paused = true));
    while (!paused && !over && taken < steps) await Promise.race([end, nextStep()]);
  }
}

/** Takes the data that the server offers, looks at what would be sent, agrees, and starts. */
async function begin(page: Page): Promise<void> {
  await page.check('input[value=offered]');
  await page.click('#show-preview:enabled');
  await page.check('#consent:enabled');
  await page.click('#start');
}

async function close(server: RunningServer): Promise<void> {
  server.finished.catch(() => undefined);
  await server.close();
}

function within<T>(promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing came within ${PATIENCE_MS} ms`)), PATIENCE_MS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
