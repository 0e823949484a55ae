import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { benchNets } from './engine-nets.js';
import { markdownTable, writeSection } from './markdown.js';
import { machine, median } from './measuring.js';
import { root, writeResult } from './results.js';

/**
 * `npm run bench:split [rounds] [peer]`: split training as two processes over a WebSocket, and the PyTorch peer on the same
 * networks, cuts and batch where its script is (`peer`, by default ../shared/peers/torch_split.py) and its packages are
 * installed. Each round runs both on every network in turn. Writes bench/results/split.json and the table in docs/.
 */
const rounds = Number(process.argv[2] ?? 5);
const peer = process.argv[3] ?? fileURLToPath(new URL('../shared/peers/torch_split.py', root));
const steps: Readonly<Record<string, number>> = { lenet: 2400, mlp: 12_000, cnn: 300 };
const nets = benchNets.filter((net) => net.cut !== undefined);
const run = promisify(execFile);

async function tandem(net: string): Promise<number> {
  const script = fileURLToPath(new URL('split-run.js', import.meta.url));
  const { stdout } = await run(process.execPath, [script, net, String(steps[net] ?? 100), 'onnx']);
  const line = stdout.split('\n').find((text) => text.startsWith('{')) ?? '{}';
  return (JSON.parse(line) as { samplesPerSecond?: number }).samplesPerSecond ?? NaN;
}

async function torch(net: string): Promise<number> {
  const { stdout } = await run('/usr/bin/python3', [peer, net, String(steps[net] ?? 100), '64']).catch(() => ({
    stdout: '',
  }));
  return Number(/split (\d+) samples/.exec(stdout)?.[1] ?? NaN);
}

if (!existsSync(peer)) throw new Error(`there is no peer at ${peer} to compare with: nothing is measured`);
const contenders = { Tandem: tandem, 'PyTorch peer': torch };
const rates = new Map<string, number[]>();
for (let round = 0; round < rounds; round++) {
  for (const { name } of nets) {
    for (const [contender, measure] of Object.entries(contenders)) {
      const key = `${name} ${contender}`;
      rates.set(key, [...(rates.get(key) ?? []), Math.round(await measure(name))]);
    }
  }
  process.stderr.write(`round ${round + 1} of ${rounds}\n`);
}

const rate = (net: string, contender: string) => median(rates.get(`${net} ${contender}`) ?? []);
const results = nets.map(({ name }) => ({
  net: name,
  tandem: rate(name, 'Tandem'),
  torch: rate(name, 'PyTorch peer'),
  ratio: rate(name, 'Tandem') / rate(name, 'PyTorch peer'),
  runs: { tandem: rates.get(`${name} Tandem`), torch: rates.get(`${name} PyTorch peer`) },
}));
const facts = {
  date: new Date().toISOString().slice(0, 10),
  machine: machine(),
  node: process.version,
  batch: 64,
  rounds,
};
await writeResult('split', { ...facts, results });
const count = (value: number) => value.toLocaleString('en');
const table = markdownTable([
  ['samples/s', ...nets.map(({ title }) => title)],
  ['Tandem, onnx (native)', ...results.map((result) => count(result.tandem))],
  ['PyTorch peer', ...results.map((result) => count(result.torch))],
  ['ratio', ...results.map((result) => result.ratio.toFixed(2))],
]);
const caption =
  `Split training, one client and one server process over a WebSocket on loopback, Adam on both sides, batch ${facts.batch}, ` +
  `one thread each, after 15 steps of warm-up; medians of ${rounds} interleaved runs. ${facts.machine}, Node ${facts.node}, ${facts.date}.`;
await writeSection(new URL('docs/engine.md', root), 'bench:split', `${table}\n\n${caption}`);
console.log(table);
