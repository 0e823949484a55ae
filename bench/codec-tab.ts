import { openBenchPage } from './bench-page.js';
import type { WireRow } from './wire-render.js';

/** The speeds of codecs in a tab of headless Chromium, which is isolated so that its clock is fine enough. */
export async function measureInTab(): Promise<{ readonly version: string; readonly rows: readonly WireRow[] }> {
  const { version, page, close } = await openBenchPage('codec-page.ts');
  try {
    await page.addScriptTag({ url: '/codec-page.js', type: 'module' });
    await page.waitForFunction('globalThis.measureCodecs');
    const rows = await page.evaluate('globalThis.measureCodecs()');
    return { version, rows: rows as WireRow[] };
  } finally {
    await close();
  }
}
