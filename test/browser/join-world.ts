import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { BrowserContext, ConsoleMessage, Page, Worker } from 'playwright-core';

export interface JoinPage {
  readonly page: Page;
  /** What the browser complained about. */
  readonly complaints: string[];
}

/** Collects what the browser complains about from now on, but for what is not `counted`. */
export function listenForComplaints(page: Page, counted: (message: ConsoleMessage) => boolean = () => true): string[] {
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' && counted(message)) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  return complaints;
}

/** Opens the join page of a server. */
export async function openJoinPage(context: BrowserContext, url: string, fragment = ''): Promise<JoinPage> {
  const page = await context.newPage();
  const complaints = listenForComplaints(page);
  await page.goto(`${url.replace(/^ws/, 'http')}/join${fragment}`);
  return { page, complaints };
}

/** Chooses the data the server offers, looks at what would be sent, and agrees, by mouse. */
export async function agreeByMouse(page: Page): Promise<void> {
  await page.check('input[value=offered]');
  await page.click('#show-preview:enabled');
  await page.check('#consent:enabled');
}

/** The same with keys alone: whatever is done with a mouse must be reachable by Tab. */
export async function agreeByKeys(page: Page): Promise<void> {
  await page.waitForSelector('#sources:enabled');
  await tabTo(page, 'input[name=source]');
  await page.keyboard.press('Space');
  await page.waitForSelector('#show-preview:enabled');
  await tabTo(page, '#show-preview');
  await page.keyboard.press('Enter');
  await page.waitForSelector('#consent:enabled');
  await tabTo(page, '#consent');
  await page.keyboard.press('Space');
  await tabTo(page, '#start');
}

/** Waits until an element says something. Throws with what it says instead. */
export async function says(page: Page, id: string, text: string | RegExp): Promise<void> {
  const said = page.locator(`#${id}`);
  const waiting = said.filter({ hasText: text }).waitFor({ timeout: 30_000, state: 'attached' });
  await waiting.catch(async () => {
    throw new Error(`#${id} does not say '${String(text)}' but '${await said.textContent()}'`);
  });
}

/** That in which the page trains. */
export function workerOf(page: Page): Worker {
  const [worker] = page.workers();
  if (!worker) throw new Error('the page has no worker');
  return worker;
}

/** Presses Tab until something has the focus. */
export async function tabTo(page: Page, selector: string): Promise<void> {
  for (let presses = 0; presses < 40; presses++) {
    if (await page.evaluate((wanted) => document.activeElement?.matches(wanted) ?? false, selector)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`${selector} cannot be reached by Tab`);
}

/** What axe-core finds wrong with the page as it is now. */
export async function axeFindings(page: Page): Promise<string[]> {
  const file = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
  if (await page.evaluate(`typeof axe === 'undefined'`)) await page.evaluate(await readFile(file, 'utf8'));
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
    };
    const { violations } = await axe.run();
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`);
  });
}
