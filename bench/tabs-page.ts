import type { Page } from 'playwright-core';

/** How long the page's own thread was busy at a stretch, by the browser's account: it tells of 50 ms and more. */
export interface LongTasks {
  readonly count: number;
  readonly longestMs: number;
}

/** Before a page's own scripts: remembers when its thread was busy. */
export const observeLongTasks = `
  globalThis.longTasks = [];
  new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) globalThis.longTasks.push([startTime, duration]);
  }).observe({ entryTypes: ['longtask'] });
`;

/** What the page itself did while something else went on in it. */
export async function longTasksDuring(page: Page, work: () => Promise<unknown>): Promise<LongTasks> {
  const from = await page.evaluate<number>('performance.now()');
  await work();
  const all = await page.evaluate<[number, number][]>('globalThis.longTasks');
  const since = all.filter(([start]) => start >= from).map(([, duration]) => duration);
  return { count: since.length, longestMs: Math.max(0, ...since) };
}

/** A planted freeze: what the observer must see for its silence to mean something. */
export function freeze(page: Page, ms: number): Promise<unknown> {
  return page.evaluate(`new Promise((resolve) => setTimeout(() => {
    for (const end = performance.now() + ${ms}; performance.now() < end; );
    setTimeout(resolve, 200);
  }))`);
}
