import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { machine, median } from './measuring.js';
import { benchNets } from './engine-nets.js';
import { renderEngineBench, type EngineBench } from './engine-render.js';

/**
 * `npm run bench:engine [rounds] [ms]`: training speed of every engine and, where Debian's python3-torch is installed,
 * of PyTorch, undivided, on one thread. In each round every contender runs every network in turn, so that whatever else
 * the machine does meets all of them. Writes bench/results/engine.json and the table and chart in docs/.
 */
const root = new URL('../../', import.meta.url);
const rounds = Number(process.argv[2] ?? 7);
const ms = Number(process.argv[3] ?? 700);

class Contender {
  version = '';
  private readonly lines: AsyncIterator<string>;

  private constructor(
    readonly name: string,
    private readonly child: ChildProcess,
  ) {
    if (!child.stdout) throw new Error('the contender has no output');
    this.lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  /** Undefined where the contender does not start, as PyTorch where it is not installed. */
  static async start(name: string, command: string, args: string[]): Promise<Contender | undefined> {
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'ignore'] });
    child.on('error', () => undefined);
    const contender = new Contender(name, child);
    const first = (await contender.read()) as { version: string } | undefined;
    if (!first) return undefined;
    contender.version = first.version;
    return contender;
  }

  /** Samples a second. */
  async run(net: string): Promise<number> {
    this.child.stdin?.write(`${JSON.stringify({ net, ms })}\n`);
    const result = (await this.read()) as { samples: number; ms: number } | undefined;
    if (!result) throw new Error(`${this.name} stopped while it trained ${net}`);
    return (result.samples / result.ms) * 1000;
  }

  stop(): void {
    this.child.stdin?.end();
  }

  /** The next line that is JSON: libraries print greetings. */
  private async read(): Promise<unknown> {
    for (;;) {
      const { value, done } = (await this.lines.next()) as IteratorResult<string, undefined>;
      if (done || value === undefined) return undefined;
      if (value.startsWith('{')) return JSON.parse(value);
    }
  }
}

async function startAll(): Promise<Contender[]> {
  const script = fileURLToPath(new URL('engine-contender.js', import.meta.url));
  const python = fileURLToPath(new URL('bench/engine-torch.py', root));
  const ours = ['onnx-native', 'onnx-wasm', 'tfjs', 'tfjs-plain'];
  const started = await Promise.all([
    ...ours.map((name) => Contender.start(name, process.execPath, [script, name])),
    Contender.start('torch', '/usr/bin/python3', [python]),
  ]);
  return started.filter((contender) => contender !== undefined);
}

async function measure(contenders: readonly Contender[]): Promise<EngineBench['results']> {
  const rates = new Map<string, number[]>();
  for (let round = 0; round < rounds; round++) {
    for (const net of benchNets) {
      for (const contender of contenders) {
        const key = `${net.name} ${contender.name}`;
        rates.set(key, [...(rates.get(key) ?? []), await contender.run(net.name)]);
      }
    }
    process.stderr.write(`round ${round + 1} of ${rounds}\n`);
  }
  return benchNets.flatMap((net) =>
    contenders.map(({ name }) => {
      const all = (rates.get(`${net.name} ${name}`) ?? []).map(Math.round);
      return { net: net.name, contender: name, samplesPerSecond: median(all), runs: all };
    }),
  );
}

const contenders = await startAll();
const results = await measure(contenders);
contenders.forEach((contender) => contender.stop());
const bench: EngineBench = {
  date: new Date().toISOString().slice(0, 10),
  machine: machine(),
  node: process.version,
  batch: 64,
  optimizer: 'Adam',
  rounds,
  nets: benchNets.map(({ name, title }) => ({ name, title })),
  contenders: contenders.map(({ name, version }) => ({ name, label: version })),
  results,
};
await mkdir(new URL('bench/results/', root), { recursive: true });
await writeFile(new URL('bench/results/engine.json', root), `${JSON.stringify(bench, null, 2)}\n`);
console.log(await renderEngineBench(bench, new URL('docs/', root)));
