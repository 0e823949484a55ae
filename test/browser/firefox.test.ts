import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digitsFolder } from '../helpers/digits-folder.js';
import { Firefox, skipsFirefox } from './firefox.js';
import { trainBeside, type RunWorld, type TabRun } from './tab-world.js';
import { wholeSuite } from '../helpers/whole-suite.js';

const STEPS = 60;

let folder: string;
let firefox: Firefox;

/** A run with a tab in Firefox; `live` begins when it is in. */
function trainWithFirefox(live: (world: RunWorld) => Promise<void>): Promise<TabRun> {
  return trainBeside(folder, { steps: STEPS, keepServing: true }, async (world) => {
    await firefox.open(`${world.wire.url.replace(/^ws/, 'http')}/join`);
    await firefox.says('run-status', /2 of 2 places are free/);
    for (const choice of ['input[value=offered]', '#show-preview', '#consent', '#start']) await firefox.click(choice);
    await firefox.says('train-status', /You are in/);
    world.tabIsIn();
    await live(world);
    await firefox.says('train-status', /The run is over: 60 steps/);
  });
}

/** Draws by keys, after the run. */
async function askAboutADrawing(): Promise<void> {
  await firefox.until(`!document.getElementById('predict').hidden`);
  for (const key of [' ', 'ArrowDown', 'ArrowDown', ' ']) {
    const event = `new KeyboardEvent('keydown', { key: ${JSON.stringify(key)}, bubbles: true })`;
    await firefox.evaluate(`void document.querySelector('#predict-pad canvas').dispatchEvent(${event})`);
  }
  await firefox.click('#ask');
  await firefox.says('answer', /^Most likely a \d$/);
}

describe.skipIf(skipsFirefox)('Firefox', () => {
  beforeAll(async () => {
    folder = await digitsFolder(120);
    firefox = await Firefox.launch();
  }, 120_000);

  afterAll(() => firefox.close());

  it.runIf(wholeSuite)(
    'trains, is loaded again in the middle without a step lost or done twice, and asks the model',
    async () => {
      const undisturbed = await trainWithFirefox(() => Promise.resolve());
      const { result, losses } = await trainWithFirefox(async ({ reached, holdAt }) => {
        holdAt(STEPS - 10);
        await reached(STEPS / 3);
        await firefox.reload();
        await firefox.says('kept-status', /Continu(?:ing|ed) .*at step \d/);
        holdAt(Infinity);
        await askAboutADrawing();
      });
      expect(losses).toEqual([]);
      expect(result.summary.weightsHash).toBe(undisturbed.result.summary.weightsHash);
    },
    120_000,
  );
});
