import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { benchNets } from './engine-nets.js';
import { machine, median } from './measuring.js';
import { root, writeResult } from './results.js';

/**
 * `npm run bench:two-builds OTHER [rounds]`: split training with this build and with that of another checkout, OTHER, whose `npm run build` was run. A round is this one, the other one twice, and
 * this one again, so that both see alike a machine that becomes faster or slower. Writes bench/results/two-builds.json; fails where this one does less than 0.98 of the other's samples a second.
 */
const LEAST = 0.98;
const [other, rounds = '5'] = process.argv.slice(2);
const steps: Readonly<Record<string, number>> = { lenet: 300, mlp: 800, cnn: 100 };
const script = 'dist/bench/split-run.js';
if (other === undefined || !existsSync(resolve(other, script)))
  throw new Error(`give the folder of a built checkout: there is no ${resolve(other ?? 'OTHER', script)}`);
const builds = { this: resolve(fileURLToPath(root), script), other: resolve(other, script) } as const;
type Build = keyof typeof builds;
const run = promisify(execFile);

async function samplesPerSecond(build: Build, net: string): Promise<number> {
  const { stdout } = await run(process.execPath, [builds[build], net, String(steps[net] ?? 100), 'onnx']);
  const line = stdout.split('\n').find((text) => text.startsWith('{')) ?? '{}';
  return (JSON.parse(line) as { samplesPerSecond?: number }).samplesPerSecond ?? NaN;
}

const nets = benchNets.filter((net) => net.cut !== undefined).map(({ name }) => name);
const ratios = new Map<string, number[]>();
for (let round = 0; round < Number(rounds); round++)
  for (const net of nets) {
    const rates: Record<Build, number> = { this: 0, other: 0 };
    for (const build of ['this', 'other', 'other', 'this'] as const)
      rates[build] += (await samplesPerSecond(build, net)) / 2;
    ratios.set(net, [...(ratios.get(net) ?? []), rates.this / rates.other]);
    process.stderr.write(`round ${round + 1} of ${rounds}, ${net}: ${JSON.stringify(rates)}\n`);
  }

const medians = Object.fromEntries([...ratios].map(([net, all]) => [net, median(all)]));
const facts = { date: new Date().toISOString().slice(0, 10), machine: machine(), node: process.version };
await writeResult('two-builds', { ...facts, rounds: Number(rounds), medians, ratios: Object.fromEntries(ratios) });
console.log(JSON.stringify(medians));
// What is not a number is not within the aim, either.
if (!Object.values(medians).every((ratio) => ratio >= LEAST)) process.exitCode = 1;
