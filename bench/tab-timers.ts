import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mnistFolder } from '../client/node/data/mnist.js';
import { serve } from '../server/serve.js';
import { mnist } from '../shared/tasks/mnist.js';
import { markdownTable, writeSection } from './markdown.js';
import { machine, median } from './measuring.js';
import { PlainChromium, type PlainTab } from './plain-chromium.js';
import { root, writeResult } from './results.js';

/**
 * `npm run bench:tab-timers [seconds]`: how often a timer of 100 ms comes in a page and in its worker, and how fast a tab
 * trains, while it is visible, hidden and frozen. Writes bench/results/tab-timers.json and the table in docs/browser.md.
 */
const seconds = Number(process.argv[2] ?? 3);
const RUNS = 5;
const SETTLE_MS = 500;

const TIMER = 'globalThis.ticks = 0; (function tick() { ticks++; setTimeout(tick, 100); })();';
const WORKER = `${TIMER} onmessage = () => postMessage(ticks);`;
const PAGE = `${TIMER} const worker = new Worker('/worker.js');
  globalThis.ask = () => new Promise((resolve) => { worker.onmessage = ({ data }) => resolve(data); worker.postMessage(0); });`;

type State = 'visible' | 'hidden' | 'frozen';
type Rates = Record<'page' | 'worker' | 'samples', number>;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Counts once before and once after; what is frozen cannot be asked in between. */
async function during(tab: PlainTab, state: State, count: () => Promise<readonly number[]>): Promise<number[]> {
  const before = await count();
  if (state === 'frozen') await tab.freeze(true);
  await pause(seconds * 1000);
  if (state === 'frozen') await tab.freeze(false);
  const after = await count();
  return after.map((value, i) => (value - (before[i] ?? 0)) / seconds);
}

const timers = createServer((request, response) => {
  const [type, text] = { '/page.js': ['javascript', PAGE], '/worker.js': ['javascript', WORKER] }[
    request.url ?? ''
  ] ?? ['html', '<script src="/page.js"></script>'];
  response.setHeader('content-type', `text/${type}`).end(text);
});
await new Promise<void>((resolve) => timers.listen(0, '127.0.0.1', resolve));

/** A browser and a run of its own: a page that comes before another hides it, and a client that is gone is waited for. */
async function measure(state: State): Promise<Rates> {
  const chromium = await PlainChromium.open();
  let samples = 0;
  const run = { task: mnist, clients: 1, steps: 1_000_000, offerData: mnistFolder() };
  const server = await serve({
    ...run,
    onEvent: (event) => {
      if (event.kind === 'step') samples += event.samples;
    },
  });
  server.finished.catch(() => undefined);
  try {
    const timing = await chromium.newTab(`http://127.0.0.1:${(timers.address() as AddressInfo).port}/`);
    await pause(SETTLE_MS);
    if (state !== 'visible') await timing.hide();
    await pause(SETTLE_MS);
    const ticks = async () => [Number(await timing.run('ticks')), Number(await timing.run('ask()'))];
    const [page = 0, worker = 0] = await during(timing, state, ticks);

    const training = await chromium.newTab(`${server.url.replace(/^ws/, 'http')}/join`);
    for (const each of ['input[value=offered]', '#show-preview', '#consent', '#start']) await training.click(each);
    await training.says('train-status', 'Training.');
    if (state !== 'visible') await training.hide();
    await pause(SETTLE_MS);
    const [trained = 0] = await during(training, state, async () => [samples]);
    return { page, worker, samples: trained };
  } finally {
    await chromium.close();
    await server.close();
  }
}

const states: readonly State[] = ['visible', 'hidden', 'frozen'];
const all: Record<State, Rates[]> = { visible: [], hidden: [], frozen: [] };
for (let turn = 0; turn < RUNS; turn++) {
  for (const state of states) {
    const rates = await measure(state);
    all[state].push(rates);
    console.log(turn + 1, state, rates);
  }
}
timers.close();

const middle = (state: State, what: keyof Rates) => median(all[state].map((rates) => rates[what]));
const version = await chromiumVersion();
const facts = { date: new Date().toISOString().slice(0, 10), machine: machine(), chromium: version, seconds, all };
await writeResult('tab-timers', facts);
const table = markdownTable([
  ['the page is', "the page's timer, a second", "its worker's timer, a second", 'samples trained on, a second'],
  ...states.map((state) => [
    state,
    middle(state, 'page').toFixed(1),
    middle(state, 'worker').toFixed(1),
    middle(state, 'samples').toFixed(0),
  ]),
]);
const caption =
  `A timer of 100 ms, and MNIST with one client, each for ${seconds} s; medians of ${RUNS} runs, in turn; what a frozen page counts came as it froze or woke. ` +
  `${facts.machine}, headless ${version}, ${facts.date}. \`npm run bench:tab-timers\` measures and writes this table and \`bench/results/tab-timers.json\`.`;
await writeSection(new URL('docs/browser.md', root), 'bench:tab-timers', `${table}\n\n${caption}`);
console.log(table);

async function chromiumVersion(): Promise<string> {
  const chromium = await PlainChromium.open();
  const { product } = await chromium.send<{ product: string }>('Browser.getVersion');
  await chromium.close();
  return product;
}
