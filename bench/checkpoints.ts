import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { markdownTable, writeSection } from './markdown.js';
import { machine, median } from './measuring.js';
import { root, writeResult } from './results.js';

/**
 * `npm run bench:checkpoints [rounds]`: what `--state` costs an undisturbed run. A server and two clients as three
 * processes train on MNIST, without and with state folders at all three, in turn. Writes bench/results/checkpoints.json
 * and the table in docs/.
 */
const tandem = fileURLToPath(new URL('../cli/main.js', import.meta.url));
const rounds = Number(process.argv[2] ?? 5);
const size = ['--task', 'mnist', '--clients', '2', '--steps', '800', '--seed', '1'];

/** Samples a second of one run; state folders below `folder`, none without it. */
async function measure(folder: string | undefined): Promise<number> {
  const state = (name: string) => (folder === undefined ? [] : ['--state', join(folder, name)]);
  const server = start('serve', '--port', '0', '--json', ...size, ...state('server'));
  const url = await server.said(/at (ws:\S+),/);
  const clients = [0, 1].map((index) =>
    start('join', url, '--data', 'mnist', '--shard', `${index}/2`, ...state(`client-${index}`)),
  );
  const [output = ''] = await Promise.all([server.done, ...clients.map(({ done }) => done)]);
  const last = output.trim().split('\n').at(-1) ?? '{}';
  return (JSON.parse(last) as { samplesPerSecond: number }).samplesPerSecond;
}

function start(...args: string[]) {
  const child = spawn(process.execPath, [tandem, ...args]);
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  const done = new Promise<string>((resolve, reject) => {
    child.on('close', (code) => {
      if (code === 0) resolve(stdout);
      else reject(new Error(`tandem ${args.join(' ')} ended with ${code}: ${stderr}`));
    });
  });
  const said = (pattern: RegExp) =>
    new Promise<string>((resolve) => {
      child.stderr.on('data', (chunk: Buffer) => {
        stderr += chunk.toString();
        const found = pattern.exec(stderr)?.[1];
        if (found !== undefined) resolve(found);
      });
    });
  return { done, said };
}

const rates = { without: [] as number[], with: [] as number[] };
for (let round = 0; round < rounds; round++) {
  const folder = await mkdtemp(join(tmpdir(), 'tandem-checkpoints-'));
  rates.without.push(Math.round(await measure(undefined)));
  rates.with.push(Math.round(await measure(folder)));
  await rm(folder, { recursive: true });
  process.stderr.write(`round ${round + 1} of ${rounds}: ${rates.without.at(-1)} without, ${rates.with.at(-1)} with\n`);
}

const share = median(rates.with) / median(rates.without);
const facts = { date: new Date().toISOString().slice(0, 10), machine: machine(), node: process.version, rounds };
await writeResult('checkpoints', { ...facts, size, rates, share });
const table = markdownTable([
  ['state folders', 'samples/s', 'share'],
  ['none', String(median(rates.without)), '100.0 %'],
  ['at the server and both clients', String(median(rates.with)), `${(100 * share).toFixed(1)} %`],
]);
const caption =
  `MNIST, two clients and a server as three processes with one disk, 800 steps, default intervals, medians of ${rounds} runs ` +
  `each, in turn. ${facts.machine}, Node ${facts.node}, ${facts.date}.`;
await writeSection(new URL('docs/reliability.md', root), 'bench:checkpoints', `${table}\n\n${caption}`);
console.log(table);
