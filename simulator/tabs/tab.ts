import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { TandemError } from '../../shared/errors.js';

export interface TabOptions extends BrowserContextOptions {
  /** Runs in the page before its own scripts. */
  readonly initScript?: string;
}

/** For an engine and data to load on a machine that has much else to do. */
const PATIENCE_MS = 120_000;
const TROUBLE = '.trouble:not([hidden])';

/** A tab that takes part in a run as a person's does: through the page that the server sends. */
export class Tab {
  private constructor(readonly page: Page) {}

  /** Opens the join page of the server at `ws://...`, as a person of its own. Throws UNREACHABLE. */
  static async open(browser: Browser, url: string, { initScript, ...context }: TabOptions = {}): Promise<Tab> {
    const page = await (await browser.newContext(context)).newPage();
    if (initScript !== undefined) await page.addInitScript(initScript);
    const address = `${url.replace(/^ws/, 'http')}/join`;
    const response = await page.goto(address);
    if (response?.ok()) return new Tab(page);
    const what = `${address} is not there (${response?.status() ?? 'no answer'})`;
    throw new TandemError('UNREACHABLE', what, 'build the pages with: npm run build');
  }

  /** Takes the data that the server offers, looks at what would be sent of them, and agrees. */
  async agree(): Promise<void> {
    await this.reach('#sources:enabled');
    await this.page.check('input[value=offered]');
    await this.reach('#show-preview:enabled');
    await this.page.click('#show-preview');
    await this.reach('#consent:enabled');
    await this.page.check('#consent');
  }

  /** Trains until the run ends. Throws INTERNAL with what the page says where it ends otherwise. */
  async train(): Promise<void> {
    await this.page.click('#start');
    // Who trains can leave; who may start again did not come to the end.
    await this.reach('#leave:disabled', 0);
    if (await this.page.isEnabled('#start')) throw await this.complaint('#train-status');
  }

  /** Waits for something that the page is to show. Throws with the page's own sentence when it shows trouble instead. */
  private async reach(wanted: string, timeout = PATIENCE_MS): Promise<void> {
    await this.page.waitForSelector(`${wanted}, ${TROUBLE}`, { timeout });
    if (await this.page.isVisible(TROUBLE)) throw await this.complaint(TROUBLE);
  }

  private async complaint(selector: string): Promise<TandemError> {
    const sentence = ((await this.page.textContent(selector)) ?? '').trim();
    return new TandemError('INTERNAL', `a tab says: ${sentence}`, 'open the join page yourself to see it');
  }
}
