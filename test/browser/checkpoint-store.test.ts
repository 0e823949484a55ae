import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe } from 'vitest';
import type { CheckpointStore } from '../../shared/checkpoint/checkpoint-store.js';
import { TandemError } from '../../shared/errors.js';
import { storeConformance } from '../checkpoint/store-conformance.js';
import { openBrowserPage, skipsBrowser, type BrowserPage } from './browser-page.js';
import type { PageTests } from './page.js';
import type { Told } from './page-stores.js';

let browser: BrowserPage;
let judge: (bytes: Uint8Array) => Promise<boolean>;

/** The store in Chromium, as one in this process. */
class StoreInChromium implements CheckpointStore {
  constructor(private readonly part: string) {}

  async save(name: string, bytes: Uint8Array): Promise<void> {
    await this.call('saveInStore', name, Buffer.from(bytes).toString('base64'));
  }

  async load<T>(name: string, open: (bytes: Uint8Array) => Promise<T>): Promise<T | undefined> {
    let opened: T | undefined;
    judge = async (bytes) => {
      opened = await open(bytes);
      return true;
    };
    const refused = (await this.call('loadFromStore', name)) as Told | undefined;
    if (refused) throw new TandemError(refused.code, refused.message);
    return opened;
  }

  async close(): Promise<void> {
    await Promise.resolve();
  }

  async call(name: 'openStore' | 'saveInStore' | 'loadFromStore', ...args: string[]): Promise<unknown> {
    return browser.page.evaluate(
      async ([method, given]) => {
        const { tandemTests } = globalThis as unknown as { tandemTests: PageTests };
        return (tandemTests[method] as (...all: string[]) => Promise<unknown>)(...given);
      },
      [name, [this.part, ...args]] as const,
    );
  }
}

/** A refusal as plain data; what is merely damaged is a no. */
function told(error: unknown): Told | false {
  return error instanceof TandemError ? { code: error.code, message: error.message } : false;
}

describe.skipIf(skipsBrowser)('in Chromium', () => {
  beforeAll(async () => {
    browser = await openBrowserPage('--disable-gpu');
    await browser.page.exposeFunction('judgeBytes', (base64: string) =>
      judge(Uint8Array.from(Buffer.from(base64, 'base64'))).catch(told),
    );
  });

  afterAll(() => browser.close());

  storeConformance('IndexedDB of Chromium', async () => {
    const part = randomUUID();
    const open = async () => {
      const store = new StoreInChromium(part);
      await store.call('openStore');
      return store;
    };
    return { store: await open(), reopen: open };
  });
});
