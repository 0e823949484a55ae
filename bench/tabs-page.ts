import type { Browser, Page } from 'playwright-core';

/** How long the page's own thread was busy at a stretch, by the browser's account: it tells of 50 ms and more. */
export interface LongTasks {
  readonly count: number;
  readonly longestMs: number;
}

/** Opens the join page of a server, takes the data it offers, looks at the preview and agrees. */
export async function openTab(browser: Browser, url: string): Promise<Page> {
  const page = await (await browser.newContext()).newPage();
  await page.addInitScript(`
    globalThis.longTasks = [];
    new PerformanceObserver((list) => {
      for (const { startTime, duration } of list.getEntries()) globalThis.longTasks.push([startTime, duration]);
    }).observe({ entryTypes: ['longtask'] });
  `);
  await page.goto(`${url.replace(/^ws/, 'http')}/join`);
  await page.check('input[value=offered]');
  await page.click('#show-preview:enabled', { timeout: 120_000 });
  await page.check('#consent:enabled', { timeout: 120_000 });
  return page;
}

/** Trains to the end of the run; answers what the page itself did meanwhile. */
export async function trainInTab(page: Page): Promise<LongTasks> {
  const from = await page.evaluate<number>('performance.now()');
  await page.click('#start');
  await page.waitForSelector('#predict:not([hidden])', { timeout: 3_600_000 });
  return longTasks(page, from);
}

/** A planted freeze: what the observer must see for its silence to mean something. */
export async function freeze(page: Page, ms: number): Promise<LongTasks> {
  const from = await page.evaluate<number>('performance.now()');
  await page.evaluate(`new Promise((resolve) => setTimeout(() => {
    for (const end = performance.now() + ${ms}; performance.now() < end; );
    setTimeout(resolve, 200);
  }))`);
  return longTasks(page, from);
}

async function longTasks(page: Page, from: number): Promise<LongTasks> {
  const all = await page.evaluate<[number, number][]>('globalThis.longTasks');
  const since = all.filter(([start]) => start >= from).map(([, duration]) => duration);
  return { count: since.length, longestMs: Math.max(0, ...since) };
}
