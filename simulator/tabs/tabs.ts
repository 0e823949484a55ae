import type { Browser } from 'playwright-core';
import type { ClientData } from '../../shared/data/dataset.js';
import { launchChromium } from './chromium.js';
import { offerData, type OfferedFolder } from './offer-data.js';
import { Tab } from './tab.js';

export interface TabsOptions {
  /** Everybody's data, of which each tab takes its share. */
  readonly data: ClientData;
  /** Training samples that are dealt. */
  readonly limit: number | undefined;
  /** Chromium's executable, where it is not in a usual place. */
  readonly chromium?: string | undefined;
}

/** The tabs of a simulation: a browser, and the data that its server offers them. */
export class Tabs {
  private closing: Promise<void> | undefined;

  private constructor(
    private readonly browser: Browser,
    private readonly offered: OfferedFolder,
  ) {}

  /** Throws MISSING without playwright-core or Chromium, BAD_OPTION for data that tabs cannot be dealt. */
  static async open({ data, limit, chromium }: TabsOptions): Promise<Tabs> {
    const browser = await launchChromium({ executable: chromium });
    try {
      return new Tabs(browser, await offerData(data, limit));
    } catch (error) {
      await browser.close();
      throw error;
    }
  }

  /** The folder that the server is to offer. */
  get folder(): string {
    return this.offered.folder;
  }

  /** Takes part in the run of the server at `url`, as a person of its own, until the run ends. */
  async takePart(url: string): Promise<void> {
    const tab = await Tab.open(this.browser, url);
    await tab.agree();
    await tab.train();
  }

  /** Closes the browser, whatever its tabs were doing. */
  close(): Promise<void> {
    return (this.closing ??= this.browser.close().then(() => this.offered.remove()));
  }
}
