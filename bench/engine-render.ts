import { mkdir, writeFile } from 'node:fs/promises';
import { markdownTable, writeSection } from './markdown.js';

/** What bench/results/engine.json holds. */
export interface EngineBench {
  readonly date: string;
  readonly machine: string;
  readonly node: string;
  readonly batch: number;
  readonly optimizer: string;
  readonly rounds: number;
  readonly nets: readonly { readonly name: string; readonly title: string }[];
  readonly contenders: readonly { readonly name: string; readonly label: string }[];
  readonly results: readonly {
    readonly net: string;
    readonly contender: string;
    /** The median of the runs. */
    readonly samplesPerSecond: number;
    readonly runs: readonly number[];
  }[];
}

/** Ratios that matter: what is measured against what. */
const ratios = [
  ['onnx-native', 'torch'],
  ['onnx-wasm', 'tfjs-plain'],
  ['onnx-wasm', 'tfjs'],
] as const;

/** Writes the table into engine.md of a folder, between its markers, and the chart beside it; answers the table. */
export async function renderEngineBench(bench: EngineBench, docs: URL): Promise<string> {
  const table = engineTable(bench);
  await writeSection(new URL('engine.md', docs), 'bench:engine', table);
  await mkdir(new URL('assets/', docs), { recursive: true });
  await writeFile(new URL('assets/engine.svg', docs), engineChart(bench));
  return table;
}

function rate(bench: EngineBench, net: string, contender: string): number | undefined {
  return bench.results.find((result) => result.net === net && result.contender === contender)?.samplesPerSecond;
}

function engineTable(bench: EngineBench): string {
  const has = (name: string) => bench.contenders.some((contender) => contender.name === name);
  const label = (name: string) => bench.contenders.find((contender) => contender.name === name)?.label ?? name;
  const rows = [
    ['samples/s', ...bench.nets.map(({ title }) => title)],
    ...bench.contenders.map(({ name, label: shown }) => [
      shown,
      ...bench.nets.map((net) => Math.round(rate(bench, net.name, name) ?? NaN).toLocaleString('en')),
    ]),
    ...ratios
      .filter(([a, b]) => has(a) && has(b))
      .map(([a, b]) => [
        `${label(a)} / ${label(b)}`,
        ...bench.nets.map((net) => ((rate(bench, net.name, a) ?? NaN) / (rate(bench, net.name, b) ?? NaN)).toFixed(2)),
      ]),
  ];
  const caption =
    `Training, undivided, forward + backward + ${bench.optimizer}, batch ${bench.batch}, one thread; medians of ` +
    `${bench.rounds} interleaved runs. ${bench.machine}, Node ${bench.node}, ${bench.date}.`;
  return `${markdownTable(rows)}\n\n${caption}`;
}

const colours = ['#0b6e4f', '#6bbf8a', '#c08497', '#d8c3a5', '#5b5f97'];
const WIDTH = 720;
const LEFT = 170;
const BAR = 15;

/** Bars a network, each as long as its share of the fastest. */
function engineChart(bench: EngineBench): string {
  const group = bench.contenders.length * BAR + 34;
  const bars = bench.nets.flatMap((net, row) => {
    const rates = bench.contenders.map(({ name }) => rate(bench, net.name, name) ?? 0);
    const best = Math.max(...rates);
    const top = row * group + 24;
    return [
      `<text x="8" y="${top - 6}" font-weight="bold">${net.title}</text>`,
      ...bench.contenders.flatMap(({ label }, i) => {
        const length = Math.round(((rates[i] ?? 0) / best) * (WIDTH - LEFT - 90));
        const y = top + i * BAR;
        const number = Math.round(rates[i] ?? 0).toLocaleString('en');
        return [
          `<text x="${LEFT - 8}" y="${y + 11}" text-anchor="end">${label}</text>`,
          `<rect x="${LEFT}" y="${y + 1}" width="${length}" height="${BAR - 3}" fill="${colours[i % colours.length]}"/>`,
          `<text x="${LEFT + length + 6}" y="${y + 11}">${number}</text>`,
        ];
      }),
    ];
  });
  const height = bench.nets.length * group + 8;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="11">`,
    '<title>Training speed in samples a second</title>',
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    ...bars,
    '</svg>',
    '',
  ].join('\n');
}
