import { fileURLToPath } from 'node:url';
import { ContenderProcess } from './contender-process.js';
import { machine, median } from './measuring.js';
import { benchNets } from './engine-nets.js';
import { renderEngineBench, type EngineBench } from './engine-render.js';
import { root, writeResult } from './results.js';

/**
 * `npm run bench:engine [rounds] [ms]`: training speed of every engine and, where Debian's python3-torch is installed,
 * of PyTorch, undivided, on one thread. In each round every contender runs every network in turn, so that whatever else
 * the machine does meets all of them. Writes bench/results/engine.json and the table and chart in docs/.
 */
const rounds = Number(process.argv[2] ?? 7);
const ms = Number(process.argv[3] ?? 700);

async function startAll(): Promise<ContenderProcess[]> {
  const script = fileURLToPath(new URL('engine-contender.js', import.meta.url));
  const python = fileURLToPath(new URL('bench/engine-torch.py', root));
  const ours = ['onnx-native', 'onnx-wasm', 'tfjs', 'tfjs-plain'];
  const started = await Promise.all([
    ...ours.map((name) => ContenderProcess.start(name, process.execPath, [script, name])),
    ContenderProcess.start('torch', '/usr/bin/python3', [python]),
  ]);
  return started.filter((contender) => contender !== undefined);
}

async function measure(contenders: readonly ContenderProcess[]): Promise<EngineBench['results']> {
  const rates = new Map<string, number[]>();
  for (let round = 0; round < rounds; round++) {
    for (const net of benchNets) {
      for (const contender of contenders) {
        const key = `${net.name} ${contender.name}`;
        rates.set(key, [...(rates.get(key) ?? []), await contender.run(net.name, ms)]);
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
  contenders: contenders.map(({ name, label }) => ({ name, label })),
  results,
};
const table = await renderEngineBench(bench, new URL('docs/', root));
await writeResult('engine', bench);
console.log(table);
