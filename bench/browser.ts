import { createRequire } from 'node:module';
import { readFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { BenchTab } from './browser-tab.js';
import { ContenderProcess } from './contender-process.js';
import { benchNets } from './engine-nets.js';
import { markdownTable, writeSection } from './markdown.js';
import { machine, median } from './measuring.js';
import { root, writeResult } from './results.js';

/**
 * `npm run bench:browser [rounds] [ms]`: training speed in a tab of headless Chromium, undivided, of Tandem's engines and of
 * tfjs as its users have it, and of the same compiled engine on WebAssembly in Node. In each round every contender trains
 * every network in turn. Writes bench/results/browser.json and the table in docs/engine.md.
 */
const rounds = Number(process.argv[2] ?? 7);
const ms = Number(process.argv[3] ?? 1500);
const IN_NODE = 'node-onnx-wasm';
const inTab = ['onnx-wasm', 'tfjs', 'tfjs-plain'];
const asked = [
  { title: 'tab, onnx (wasm) / tab, tfjs (plain wasm)', of: 'onnx-wasm', by: 'tfjs-plain' },
  { title: 'tab, onnx (wasm) / Node, onnx (wasm)', of: 'onnx-wasm', by: IN_NODE },
] as const;
const nets = benchNets.filter(({ name }) => name !== 'transformer');

const [busy = 0] = loadavg();
const tab = await BenchTab.open();
const script = fileURLToPath(new URL('engine-contender.js', import.meta.url));
const node = await ContenderProcess.start(IN_NODE, process.execPath, [script, 'onnx-wasm']);
if (!node) throw new Error('the contender in Node does not start');
const contenders = [
  { name: IN_NODE, label: `Node, ${node.label}`, threads: 1, run: (net: string) => node.run(net, ms) },
];
let isolated = true;
for (const name of inTab) {
  const started = await tab.start(name);
  isolated &&= started.isolated;
  const { label, threads } = started;
  contenders.push({ name, label: `tab, ${label}`, threads, run: (net) => tab.run(name, net, ms) });
}

const runs = new Map<string, number[]>();
for (let round = 0; round < rounds; round++) {
  for (const net of nets) {
    for (const { name, run } of contenders) {
      const key = `${net.name} ${name}`;
      runs.set(key, [...(runs.get(key) ?? []), Math.round(await run(net.name))]);
    }
  }
  process.stderr.write(`round ${round + 1} of ${rounds}\n`);
}
await tab.close();
node.stop();

const rate = (net: string, contender: string) => median(runs.get(`${net} ${contender}`) ?? []);
/** The median of the rounds' own ratios: both sides of each were measured within the same seconds. */
const ratio = (net: string, of: string, by: string) => {
  const [above, below] = [of, by].map((name) => runs.get(`${net} ${name}`) ?? []);
  return median((above ?? []).map((value, round) => value / (below?.[round] ?? NaN)));
};
const facts = {
  date: new Date().toISOString().slice(0, 10),
  machine: machine(),
  loadBefore: Number(busy.toFixed(1)),
  node: process.version,
  browser: tab.version,
  versions: Object.fromEntries(await Promise.all(['onnxruntime-web', '@tensorflow/tfjs-backend-wasm'].map(versionOf))),
  isolated,
  batch: 64,
  optimizer: 'Adam',
  rounds,
  ms,
  contenders: contenders.map(({ name, label, threads }) => ({ name, label, threads })),
  results: nets.flatMap((net) =>
    contenders.map(({ name }) => ({
      net: net.name,
      contender: name,
      samplesPerSecond: rate(net.name, name),
      runs: runs.get(`${net.name} ${name}`),
    })),
  ),
  ratios: asked.flatMap(({ of, by }) => nets.map(({ name }) => ({ net: name, of, by, ratio: ratio(name, of, by) }))),
};
await writeResult('browser', facts);
const table = markdownTable([
  ['samples/s', ...nets.map(({ title }) => title)],
  ...contenders.map(({ name, label }) => [label, ...nets.map((net) => rate(net.name, name).toLocaleString('en'))]),
  ...asked.map(({ title, of, by }) => [title, ...nets.map(({ name }) => ratio(name, of, by).toFixed(2))]),
]);
const caption =
  `Training, undivided, forward + backward + ${facts.optimizer}, batch ${facts.batch}, ${threadsText()}; ` +
  `medians of ${rounds} interleaved rounds, and of the rounds' ratios. The page is ${isolated ? '' : 'not '}cross-origin isolated. ${facts.browser}, ` +
  `Node ${facts.node}, ${facts.machine}, load ${facts.loadBefore} before, ${facts.date}.`;
await writeSection(new URL('docs/engine.md', root), 'bench:browser', `${table}\n\n${caption}`);
console.log(table);

function threadsText(): string {
  const more = contenders.filter(({ threads }) => threads > 1).map(({ label, threads }) => `${label}: ${threads}`);
  return more.length === 0 ? 'one thread each' : `one thread each, but for ${more.join(', ')}`;
}

async function versionOf(name: string): Promise<[string, string]> {
  const path = createRequire(import.meta.url).resolve(name);
  const folder = path.slice(0, path.lastIndexOf(`/${name}/`) + name.length + 2);
  const { version } = JSON.parse(await readFile(`${folder}package.json`, 'utf8')) as { version: string };
  return [name, version];
}
