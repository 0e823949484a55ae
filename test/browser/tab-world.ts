import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { loadIdx } from '../../client/node/data/idx.js';
import { join } from '../../client/node/join.js';
import { serve, type RunningServer, type ServeOptions } from '../../server/serve.js';
import type { RunResult } from '../../server/run/summarise.js';
import { smallDigits } from '../helpers/small-digits.js';
import type { Dataset } from '../../shared/data/dataset.js';
import { agreeByMouse, openJoinPage, says } from './join-world.js';

/** A wire between pages and a server that can be cut, and stay cut. */
export class Wire {
  private readonly sockets = new Set<Socket>();
  private isCut = false;

  private constructor(private readonly server: Server) {}

  static async to(port: number): Promise<Wire> {
    const server = createServer();
    const wire = new Wire(server);
    server.on('connection', (near) => wire.bridge(near, port));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return wire;
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Breaks every connection; until `mend` no other one comes through. */
  cut(): void {
    this.isCut = true;
    for (const socket of this.sockets) socket.resetAndDestroy();
  }

  mend(): void {
    this.isCut = false;
  }

  close(): void {
    this.cut();
    this.server.close();
  }

  private bridge(near: Socket, port: number): void {
    if (this.isCut) {
      near.resetAndDestroy();
      return;
    }
    const far = connect(port, '127.0.0.1');
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.sockets.add(one);
      one.setNoDelay(true).pipe(other);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        this.sockets.delete(one);
        other.destroy();
      });
    }
  }
}

/** A run of one tab and one client in Node that is in no hurry, so that the tab can be disturbed between two steps. */
export interface RunWorld {
  readonly wire: Wire;
  readonly server: RunningServer;
  /** Steps the server has applied so far. */
  readonly steps: () => number;
  /** Resolves when that many are. */
  readonly reached: (steps: number) => Promise<void>;
  /** From so many steps on the other client waits, so that the run cannot end before the test wants it to. */
  readonly holdAt: (steps: number) => void;
  /** The tab has its place: the other client may come. */
  readonly tabIsIn: () => void;
}

export interface TabWorld extends RunWorld {
  readonly context: BrowserContext;
  readonly page: Page;
}

export interface TabRun {
  readonly result: RunResult;
  /** Times that a client was lost for the server, or refused. */
  readonly losses: readonly string[];
}

export const STEPS = 130;
const SLOW_MS = 18;
const TIMEOUT_MS = 45_000;

/** Trains once; `disturb` begins when the tab is in. `workerBug` is a script that is run in the tab's worker, too. */
export function trainWithTab(
  browser: Browser,
  folder: string,
  disturb: (world: TabWorld) => Promise<void> = () => Promise.resolve(),
  { workerBug, ...options }: Partial<ServeOptions> & { readonly workerBug?: string } = {},
): Promise<TabRun> {
  return trainBeside(folder, options, async (world) => {
    const context = await browser.newContext();
    context.setDefaultTimeout(TIMEOUT_MS);
    if (workerBug !== undefined) {
      context.on('page', (page) => page.on('worker', (worker) => void worker.evaluate(workerBug)));
    }
    try {
      const { page } = await openJoinPage(context, world.wire.url);
      await agreeByMouse(page);
      await page.click('#start');
      await says(page, 'train-status', 'You are in');
      world.tabIsIn();
      await disturb({ ...world, context, page });
      await within(TIMEOUT_MS, world.server.finished);
    } finally {
      await context.close();
    }
  });
}

/** Trains once with whatever tab `tab` brings in and lets live. */
export async function trainBeside(
  folder: string,
  options: Partial<ServeOptions>,
  tab: (world: RunWorld) => Promise<void>,
): Promise<TabRun> {
  let steps = 0;
  const losses: string[] = [];
  const waiting: { at: number; resolve: () => void }[] = [];
  const server = await serve({
    ...{
      task: smallDigits,
      seed: 60_017,
      clients: 2,
      batch: 11,
      steps: STEPS,
      roundSteps: 20,
      engine: 'onnx',
      graceSeconds: 20,
    },
    offerData: folder,
    onEvent: (event) => {
      if (event.kind === 'refused' || event.kind === 'client-left') losses.push(event.reason);
      if (event.kind !== 'step') return;
      steps++;
      for (const { at, resolve } of waiting) if (steps >= at) resolve();
    },
    ...options,
  });
  server.finished.catch(() => undefined);
  const wire = await Wire.to(server.port);
  let inNode = Promise.resolve();
  let held = Infinity;
  const holdAt = (at: number) => (held = at);
  const unhurried = async () => {
    do await new Promise((resolve) => setTimeout(resolve, SLOW_MS));
    while (steps >= held);
  };
  const tabIsIn = () => {
    inNode = trainInNode(server.url, folder, unhurried);
    inNode.catch(() => undefined);
  };
  const reached = (at: number) =>
    steps >= at ? Promise.resolve() : new Promise<void>((resolve) => waiting.push({ at, resolve }));
  try {
    await tab({ wire, server, steps: () => steps, reached, holdAt, tabIsIn });
    const result = await within(TIMEOUT_MS, server.finished);
    await inNode;
    return { result, losses };
  } finally {
    wire.close();
    await server.close();
  }
}

async function trainInNode(url: string, folder: string, unhurried: () => Promise<void>): Promise<void> {
  const { train, ...rest } = await loadIdx(folder);
  const slow: Dataset = {
    size: train.size,
    label: (row) => train.label(row),
    batch: (rows) => unhurried().then(() => train.batch(rows)),
  };
  await join(url, { data: { ...rest, train: slow }, shard: [1, 2], engine: 'onnx' }).finished;
}

/** Longer than the slow client takes for a step, on a busy machine too. */
const QUIET_MS = 400;

/** The count of steps once no more come: those that were under way when a tab stopped are still taken. */
export async function settled(steps: () => number): Promise<number> {
  for (let before = -1; before !== steps();) {
    before = steps();
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
  }
  return steps();
}

export function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing came within ${ms} ms`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
