import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { benchNets } from './engine-nets.js';
import { markdownTable, writeSection } from './markdown.js';
import { count, machine, median } from './measuring.js';
import { root, writeResult } from './results.js';

/**
 * `npm run bench:wire:speed [rounds]`: what codecs do to the steps of a run of two processes, on loopback and over a link of 50 Mbit/s. Each round tries every codec
 * on every network and link in turn. Writes bench/results/wire-speed.json and a table in docs/wire.md.
 */
const rounds = Number(process.argv[2] ?? 5);
const codecs = ['fp32', 'int8', 'int4'] as const;
const links = [undefined, 50] as const;
const steps: Readonly<Record<string, readonly [fast: number, slow: number]>> = {
  lenet: [150, 20],
  mlp: [600, 100],
  cnn: [40, 10],
};
const nets = benchNets.filter((net) => net.cut !== undefined);
const run = promisify(execFile);
const script = fileURLToPath(new URL('split-run.js', import.meta.url));

async function measure(net: string, codec: string, megabits: number | undefined): Promise<number> {
  const [fast, slow] = steps[net] ?? [100, 30];
  const link = megabits === undefined ? [] : ['--megabits', String(megabits)];
  const coded = codec === 'fp32' ? [] : ['--codec', codec];
  const many = String(megabits === undefined ? fast : slow);
  const { stdout } = await run(process.execPath, [script, net, many, 'onnx', ...coded, ...link]);
  const line = stdout.split('\n').find((text) => text.startsWith('{')) ?? '{}';
  return (JSON.parse(line) as { samplesPerSecond?: number }).samplesPerSecond ?? NaN;
}

const rates = new Map<string, number[]>();
const keyOf = (net: string, codec: string, link: number | undefined) => `${net} ${codec} ${link ?? 'loopback'}`;
for (let round = 0; round < rounds; round++) {
  for (const { name } of nets) {
    for (const link of links) {
      for (const codec of codecs) {
        const key = keyOf(name, codec, link);
        rates.set(key, [...(rates.get(key) ?? []), Math.round(await measure(name, codec, link))]);
      }
    }
  }
  process.stderr.write(`round ${round + 1} of ${rounds}\n`);
}

const rate = (net: string, codec: string, link: number | undefined) => median(rates.get(keyOf(net, codec, link)) ?? []);
const date = new Date().toISOString().slice(0, 10);
await writeResult('wire-speed', {
  date,
  machine: machine(),
  node: process.version,
  rounds,
  runs: Object.fromEntries(rates),
});
const shown = (net: string, codec: string, link: number | undefined) => {
  const [own, plain] = [rate(net, codec, link), rate(net, 'fp32', link)];
  return codec === 'fp32' ? count(own) : `${count(own)} (${(own / plain).toFixed(2)} x)`;
};
const table = markdownTable([
  [
    'samples/s',
    ...links.flatMap((link) => nets.map(({ title }) => `${title}, ${link ? `${link} Mbit/s` : 'loopback'}`)),
  ],
  ...codecs.map((codec) => [
    `\`${codec}\``,
    ...links.flatMap((link) => nets.map(({ name }) => shown(name, codec, link))),
  ]),
]);
const caption =
  `One client and one server process over a WebSocket, the codec both ways, Adam on both sides, batch 64, after 15 steps of warm-up; medians of ${rounds} interleaved runs. ` +
  `${machine()}, Node ${process.version}, ${date}. \`npm run bench:wire:speed\` measures it.`;
await writeSection(new URL('docs/wire.md', root), 'bench:wire:speed', `${table}\n\n${caption}`);
console.log(table);
