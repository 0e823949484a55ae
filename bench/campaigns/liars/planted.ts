import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { writeSection } from '../../markdown.js';
import { root, writeResult } from '../../results.js';
import { plantedBugs } from './planted-bugs.js';
import { plantedTable, type FoundBug } from './planted-table.js';

/** `npm run campaign:liars:planted [runs] [seed] [kind]`: the campaign against a product that has one bug of each kind, which is planted as it is loaded. Each must be found. */
const [runs = '400', seed = 'planted', only] = process.argv.slice(2);
const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
/** A run that takes so long does not come back. */
const FROZEN_SECONDS = 8;

/** What liars lied about stands before what was seen, for people who look into a seed. */
const HABITS = /( \{[^{}]*\})+(?=: )/;

/** What a process has computed for; the kernel counts in hundredths. */
function computedSeconds(pid = 0): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return 0;
  }
}

/** Answers the seed that found it, and what was seen. */
function find(number: number, about: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const env = { ...process.env, TANDEM_PLANTED: String(number), TANDEM_ABOUT: about, TANDEM_SHOW: '1' };
    const child = spawn(process.execPath, ['--import', here('plant.js'), here('main.js'), runs, seed], { env });
    let last = '';
    let sinceSeconds = Infinity;
    const end = (found?: string) => {
      clearInterval(watch);
      child.kill('SIGKILL');
      resolve(found);
    };
    // By what it computes, not by the clock: the machine may have other work.
    const watch = setInterval(() => {
      if (computedSeconds(child.pid) - sinceSeconds > FROZEN_SECONDS) end(`${last}: did not come back`);
    }, 1_000);
    child.stderr.on('data', (text: Buffer) => {
      last = /^\S+-\d+$/m.exec(String(text))?.[0] ?? last;
      sinceSeconds = computedSeconds(child.pid);
    });
    child.stdout.on('data', (text: Buffer) => {
      const found = /^seed (.*)$/m.exec(String(text))?.[1];
      if (found !== undefined) end(found.replace(HABITS, ''));
    });
    child.once('close', () => end());
  });
}

const results: FoundBug[] = [];
for (const [number, { kind, module, about }] of plantedBugs.entries()) {
  if (only !== undefined && !kind.startsWith(only)) continue;
  const found = await find(number, about);
  results.push({ kind, module, found: found ?? null });
  console.log(`${kind}: ${found ?? 'NOT FOUND'}`);
}
const date = new Date().toISOString().slice(0, 10);
// A look for one kind says nothing of the others.
if (only === undefined) {
  await writeResult('campaign-liars-planted', { date, runs: Number(runs), seed, results });
  await writeSection(
    new URL('docs/security.md', root),
    'campaign:liars:planted',
    plantedTable(results, Number(runs), date),
  );
}
process.exitCode = results.every(({ found }) => found !== null) ? 0 : 1;
