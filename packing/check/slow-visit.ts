import { chromium } from 'playwright-core';
import type { OpenRun } from './served-run.js';
import { slowWire } from './slow-wire.js';
import { agree, executablePath, firstStepDone } from './visit.js';

const DELAY_MS = 400;
const BYTES_A_SECOND = 50_000;
const PATIENCE_MS = 300_000;

/** Notes when anything that can be read or seen on the page changes. */
const WATCH = `
  globalThis.moved = [];
  new MutationObserver(() => globalThis.moved.push(Date.now()))
    .observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
`;

/** What a person sees on a slow link, in seconds after the page was asked for. */
export interface SlowVisit {
  readonly pageStands: number;
  readonly placeIsSaid: number;
  readonly dataCanBeChosen: number;
  readonly firstStep: number;
  /** The longest times in which nothing on the page changed, and when they ended. */
  readonly longestWithoutMovement: readonly { readonly seconds: number; readonly until: number }[];
}

/** Opens the join page over a wire of 400 ms and 50 kB/s, and goes on to the first training step. */
export async function visitSlowly(run: OpenRun): Promise<SlowVisit> {
  const wire = await slowWire(run.port, DELAY_MS, BYTES_A_SECOND);
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', ...run.flags] });
  try {
    const page = await browser.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    await page.addInitScript(WATCH);
    const began = Date.now();
    const since = (ms = Date.now()) => Number(((ms - began) / 1000).toFixed(1));
    await page.goto(`${run.url(wire.port)}/join`, { waitUntil: 'commit', timeout: PATIENCE_MS });
    await page.waitForSelector('#run-status');
    const pageStands = since();
    await page.waitForSelector('#run-facts:not([hidden])');
    const placeIsSaid = since();
    await page.waitForSelector('#sources:enabled');
    const dataCanBeChosen = since();
    await agree(page);
    await firstStepDone(page);
    const firstStep = since();
    const moved = await page.evaluate(() => (globalThis as unknown as { moved: number[] }).moved);
    const gaps = moved.map((at, i) => ({ seconds: (at - (moved[i - 1] ?? began)) / 1000, until: since(at) }));
    const longestWithoutMovement = gaps.sort((a, b) => b.seconds - a.seconds).slice(0, 5);
    return { pageStands, placeIsSaid, dataCanBeChosen, firstStep, longestWithoutMovement };
  } finally {
    await browser.close();
    wire.close();
  }
}
