import { loadavg } from 'node:os';
import { loadMnist, mnistFolder } from '../client/node/data/mnist.js';
import { join } from '../client/node/join.js';
import { serve } from '../server/serve.js';
import { mnist } from '../shared/tasks/mnist.js';
import { markdownTable, writeSection } from './markdown.js';
import { machine } from './measuring.js';
import { launchChromium } from '../simulator/tabs/chromium.js';
import { Tab } from '../simulator/tabs/tab.js';
import { freeze, longTasksDuring, observeLongTasks } from './tabs-page.js';
import { root, writeResult } from './results.js';

/**
 * `npm run bench:tabs [steps]`: two tabs of Chromium, through the join page, and two clients in Node train MNIST together.
 * Measures the accuracy and how long each page's main thread was busy at a stretch. Writes bench/results/tabs.json and the
 * table in docs/browser.md.
 */
const steps = Number(process.argv[2] ?? 940);
const SEED = 3;
const PLANTED_MS = 120;

const [busy = 0] = loadavg();
const run = { task: mnist, clients: 4, steps, seed: SEED, keepServing: true };
const server = await serve({ ...run, offerData: mnistFolder() });
const browser = await launchChromium();
const data = await loadMnist();

const opened = async () => {
  const tab = await Tab.open(browser, server.url, { initScript: observeLongTasks });
  await tab.agree();
  return tab;
};
const [first, second] = [await opened(), await opened()];
const engine = await first.page.innerText('#engine');
const planted = await longTasksDuring(first.page, () => freeze(first.page, PLANTED_MS));
const startedMs = performance.now();
const inNode = async (index: number) => {
  for await (const _ of join(server.url, { data, shard: [index, 4] })) continue;
};
const [tabs] = await Promise.all([
  Promise.all([first, second].map((tab) => longTasksDuring(tab.page, () => tab.train()))),
  inNode(2),
  inNode(3),
]);
const { summary } = await server.finished;
const seconds = (performance.now() - startedMs) / 1000;
const ending = await first.page.innerText('#train-status');
await browser.close();
await server.close();

const facts = {
  date: new Date().toISOString().slice(0, 10),
  machine: machine(),
  loadBefore: Number(busy.toFixed(1)),
  seed: SEED,
  engine,
  steps: summary.steps,
  samples: summary.samples,
  seconds: Number(seconds.toFixed(1)),
  testAccuracy: summary.metrics.accuracy,
  ending,
  tabs,
  plantedFreezeMs: PLANTED_MS,
  planted,
};
await writeResult('tabs', facts);
const longest = (index: number) => {
  const { count, longestMs } = tabs[index] ?? { count: NaN, longestMs: NaN };
  return count === 0 ? 'none of 50 ms' : `${longestMs.toFixed(0)} ms`;
};
const table = markdownTable([
  ['clients', 'steps', 'accuracy', 'longest task, first page', 'longest task, second page', 'planted freeze seen'],
  [
    '2 tabs, 2 in Node',
    `${summary.steps}`,
    `${(100 * Number(summary.metrics.accuracy)).toFixed(2)} %`,
    longest(0),
    longest(1),
    `${planted.longestMs.toFixed(0)} of ${PLANTED_MS} ms`,
  ],
]);
const caption =
  `${facts.machine}, shared with other work (load ${facts.loadBefore} before), headless Chromium, ${engine.split('.')[0]}. ` +
  'A task is what occupies the main thread at a stretch, by `PerformanceObserver`, from Start to the end of the run. ' +
  '`npm run bench:tabs` measures and writes this table and `bench/results/tabs.json`.';
await writeSection(new URL('docs/browser.md', root), 'bench:tabs', `${table}\n\n${caption}`);
console.log(table);
