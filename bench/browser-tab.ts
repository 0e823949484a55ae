import type { Page } from 'playwright-core';
import { openBenchPage } from './bench-page.js';

export interface Started {
  readonly label: string;
  readonly threads: number;
  readonly isolated: boolean;
}

/** A tab of headless Chromium whose workers train, one worker a contender. */
export class BenchTab {
  private constructor(
    /** Such as `Chromium 143.0`. */
    readonly version: string,
    private readonly page: Page,
    private readonly closeAll: () => Promise<void>,
  ) {}

  static async open(): Promise<BenchTab> {
    const { version, page, close } = await openBenchPage('browser-worker.ts');
    return new BenchTab(version, page, close);
  }

  close(): Promise<void> {
    return this.closeAll();
  }

  /** Starts a contender; answers what it is, its threads, and whether it might have several. */
  start(name: string): Promise<Started> {
    return this.page.evaluate(async (which) => {
      const scope = globalThis as unknown as { workers?: Map<string, Worker> };
      const worker = new Worker(`/browser-worker.js?${which}`, { type: 'module' });
      (scope.workers ??= new Map()).set(which, worker);
      return new Promise((resolve, reject) => {
        worker.onmessage = ({ data }) => resolve(data as Started);
        worker.onerror = ({ message }) => reject(new Error(`${which}: ${message}`));
      });
    }, name);
  }

  /** Samples a second. */
  async run(name: string, net: string, ms: number): Promise<number> {
    const result = await this.page.evaluate(
      async (order) => {
        const worker = (globalThis as unknown as { workers: Map<string, Worker> }).workers.get(order.name);
        if (!worker) throw new Error(`${order.name} was not started`);
        return new Promise<{ samples: number; ms: number; error?: string }>((resolve) => {
          worker.onmessage = ({ data }) => resolve(data as { samples: number; ms: number });
          worker.postMessage({ net: order.net, ms: order.ms });
        });
      },
      { name, net, ms },
    );
    if (result.error !== undefined) throw new Error(`${name} failed at ${net}: ${result.error}`);
    return (result.samples / result.ms) * 1000;
  }
}
