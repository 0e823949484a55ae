import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { benchNets } from './engine-nets.js';
import { markdownTable, writeSection } from './markdown.js';
import { count, machine, median } from './measuring.js';
import { root, writeResult } from './results.js';

/**
 * `npm run bench:wire:speed [rounds]`: what codecs do to the steps of a run of two processes, on loopback and over a link of 50 Mbit/s. Each round tries every codec
 * on every network and link, in turn and every second time the other way round, so that all see the machine alike; a codec is compared with float32 of its own round.
 * Writes bench/results/wire-speed.json and a table in docs/wire.md after each round.
 */
const rounds = Number(process.argv[2] ?? 5);
const codecs = ['fp32', 'int8', 'int4'] as const;
const links = [undefined, 50] as const;
const steps: Readonly<Record<string, readonly [fast: number, slow: number]>> = {
  lenet: [800, 40],
  // Shorter, and most of what is measured is V8 compiling.
  mlp: [12_000, 300],
  cnn: [150, 12],
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

/** Samples a second of each round, by network, link and codec. */
const rates = new Map<string, number[]>();
const keyOf = (net: string, codec: string, link: number | undefined) => `${net} ${codec} ${link ?? 'loopback'}`;
const ratesOf = (net: string, codec: string, link: number | undefined) => rates.get(keyOf(net, codec, link)) ?? [];
for (let round = 0; round < rounds; round++) {
  const order = round % 2 === 0 ? codecs : codecs.toReversed();
  for (const { name } of nets)
    for (const link of links)
      for (const codec of order) {
        const rate = Math.round(await measure(name, codec, link));
        rates.set(keyOf(name, codec, link), [...ratesOf(name, codec, link), rate]);
      }
  await write(round + 1);
}

function shown(net: string, codec: string, link: number | undefined): string {
  const own = ratesOf(net, codec, link);
  const plain = ratesOf(net, 'fp32', link);
  const rate = count(median(own));
  return codec === 'fp32' ? rate : `${rate} (${median(own.map((each, i) => each / (plain[i] ?? NaN))).toFixed(2)} x)`;
}

async function write(measured: number): Promise<void> {
  const date = new Date().toISOString().slice(0, 10);
  const facts = { date, machine: machine(), node: process.version, rounds: measured };
  await writeResult('wire-speed', { ...facts, runs: Object.fromEntries(rates) });
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
    `One client and one server process over a WebSocket, the codec both ways, Adam on both sides, batch 64, after 15 steps of warm-up; medians of ${measured} interleaved runs, ` +
    `and of what a codec did beside float32 in the same round. ${machine()}, Node ${process.version}, ${date}. \`npm run bench:wire:speed\` measures it.`;
  await writeSection(new URL('docs/wire.md', root), 'bench:wire:speed', `${table}\n\n${caption}`);
  process.stdout.write(`${table}\n`);
}
