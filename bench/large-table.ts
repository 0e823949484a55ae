import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { machine } from './measuring.js';
import { root, writeResult } from './results.js';

/**
 * `npm run bench:large-table [GB] [CSV]`: repeats a table until it is so large, trains it for 200 steps in a process of its own, and
 * writes its largest memory and the time to its first step to bench/results/large-table.json.
 */
const [gigabytes = '2', source] = process.argv.slice(2);
const STEPS = 200;
const POLL_MS = 100;

const folder = await mkdtemp(join(tmpdir(), 'tandem-large-'));
const table = join(folder, 'large.csv');
const bytes = await writeTable(table, Number(gigabytes) * 1e9);
const main = fileURLToPath(new URL('dist/cli/main.js', root));
const startedMs = performance.now();
const child = spawn(process.execPath, [main, 'train', table, '--steps', String(STEPS), '--save', join(folder, 'run')]);
let said = '';
let firstStepMs = NaN;
child.stderr.on('data', (chunk: Buffer) => {
  said += chunk.toString();
  process.stderr.write(chunk);
  // Steps begin when the last segment is compiled.
  if (Number.isNaN(firstStepMs) && said.includes('compiled segment 2')) firstStepMs = performance.now() - startedMs;
});
let peakMb = 0;
const poll = setInterval(() => void peakOf(child.pid ?? 0).then((mb) => (peakMb = Math.max(peakMb, mb))), POLL_MS);
const [code] = (await once(child, 'close')) as [number | null];
clearInterval(poll);
const seconds = (performance.now() - startedMs) / 1000;
await rm(folder, { recursive: true });
if (code !== 0) throw new Error(`tandem train ended with ${code ?? 'a signal'}`);
const result = { machine: machine(), bytes, steps: STEPS, peakMb, firstStepSeconds: firstStepMs / 1000, seconds };
await writeResult('large-table', result);
process.stdout.write(`${JSON.stringify(result)}\n`);

/** The most memory that a process has had, as Linux counts it, in MB; 0 where it is over. */
async function peakOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/VmHWM:\s*(\d+)/.exec(status)?.[1] ?? 0) / 1000;
}

/** Writes the rows of a table, or of one that is made up, again and again. */
async function writeTable(path: string, wanted: number): Promise<number> {
  const block = source === undefined ? madeUp() : await readFile(source, 'utf8');
  const file = createWriteStream(path);
  let written = 0;
  for (; written < wanted; written += block.length) if (!file.write(block)) await once(file, 'drain');
  file.end();
  await once(file, 'finish');
  return written;
}

/** Numbers and words, without a line of names, which would come again. */
function madeUp(): string {
  const rows = Array.from({ length: 30_000 }, (_, row) => {
    const [age, pay] = [18 + ((row * 7919) % 60), 1000 + ((row * 104_729) % 90_000)];
    const words = [`trade ${row % 14}`, `town ${(row * 31) % 40}`, ['single', 'married', '?'][row % 3] ?? ''];
    return `${age}, ${words.join(', ')}, ${pay}, ${(row * 13) % 99}, ${age * 1000 + pay > 90_000 ? 'high' : 'low'}`;
  });
  return `${rows.join('\n')}\n`;
}
