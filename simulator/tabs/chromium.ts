import { existsSync } from 'node:fs';
import type { Browser, BrowserType } from 'playwright-core';
import { TandemError } from '../../shared/errors.js';

export interface ChromiumOptions {
  /** The executable; by default `TANDEM_CHROMIUM`, else where systems put it. */
  readonly executable?: string | undefined;
  readonly flags?: readonly string[];
}

const USUAL_PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/snap/bin/chromium',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** A tab in the background trains as fast as one in front; without a GPU, the same seed computes the same everywhere. */
const FLAGS = [
  '--disable-gpu',
  '--disable-background-timer-throttling',
  '--disable-renderer-backgrounding',
  '--disable-backgrounding-occluded-windows',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
];

/** Starts Chromium without a window. Throws MISSING and BAD_OPTION that say where to get what is not there. */
export async function launchChromium({ executable, flags = [] }: ChromiumOptions = {}): Promise<Browser> {
  const chromium = await loadPlaywright();
  const executablePath = findChromium(chromium, executable);
  // Chromium refuses to run as root in its sandbox, which is how containers run it.
  const unboxed = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  // Ctrl-C is for the run to end well; whoever launched it closes it then.
  const signals = { handleSIGINT: false, handleSIGTERM: false, handleSIGHUP: false };
  try {
    return await chromium.launch({
      executablePath,
      headless: true,
      args: [...FLAGS, ...unboxed, ...flags],
      ...signals,
    });
  } catch (error) {
    const [reason = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
    throw new TandemError('MISSING', `${executablePath} does not start: ${reason}`, 'run it by hand to see why');
  }
}

async function loadPlaywright(): Promise<BrowserType> {
  try {
    return (await import('playwright-core')).chromium;
  } catch {
    const what = 'tabs are driven with the package playwright-core, which is not installed';
    throw new TandemError('MISSING', what, 'run: npm install playwright-core');
  }
}

function findChromium(chromium: BrowserType, given = process.env.TANDEM_CHROMIUM): string {
  if (given !== undefined) {
    if (existsSync(given)) return given;
    throw new TandemError('BAD_OPTION', `there is no Chromium at ${given}`, 'give the path of its executable');
  }
  const found = [...USUAL_PLACES, chromium.executablePath()].find(existsSync);
  if (found !== undefined) return found;
  const how = 'run: npx playwright-core install chromium (or apt-get install chromium), or give --chromium PATH';
  throw new TandemError('MISSING', 'there is no Chromium on this machine', how);
}
