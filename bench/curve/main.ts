import { fork } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { writeSection } from '../markdown.js';
import { machine } from '../measuring.js';
import { root, writeResult } from '../results.js';
import { comparisons, type ComparisonName } from './comparisons.js';
import { measureSeed, mediansOf, type SeedRuns } from './measure.js';
import { curvePicture, curveTable } from './render.js';

/**
 * Accuracy against bytes, the second half of `npm run bench:wire [-- --seeds 3]`: of all ways to train a LeNet, with a picture; of codecs on a residual network; and, with
 * `--adult FILE`, on a table whose columns parties hold. Each seed has a process of its own. Writes bench/results/wire-*.json and docs/. `--only curve` measures one of the three,
 * `--way TEXT` those of its ways alone that have the text in their name: what is known of the others stays.
 */
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1' },
    adult: { type: 'string' },
    only: { type: 'string' },
    way: { type: 'string' },
    seed: { type: 'string' },
  },
});

for (const name of Object.keys(comparisons) as ComparisonName[]) {
  const { comparison, load } = comparisons[name];
  const isWanted = values.only === undefined || values.only === name;
  if (!isWanted || (name === 'vertical' && values.adult === undefined)) continue;
  if (values.seed === undefined) await write(name);
  else process.send?.(await measureSeed(comparison, await load(values.adult ?? ''), Number(values.seed), values.way));
}

async function write(name: ComparisonName): Promise<void> {
  const { comparison, says, column, picture } = comparisons[name];
  const known = await knownOf(name);
  const seeds = Array.from({ length: Number(values.seeds) }, (_, i) => i + 1);
  const runs = await Promise.all(seeds.map(async (seed) => ({ ...known[seed - 1], ...(await apart(name, seed)) })));
  const points = mediansOf(comparison, runs);
  const facts = { date: new Date().toISOString().slice(0, 10), machine: machine(), node: process.version, runs };
  await writeResult(`wire-${name}`, { ...facts, points });
  if (picture !== undefined) await writeFile(new URL(`docs/${picture}`, root), curvePicture(points));
  const image = picture === undefined ? '' : `![Accuracy against megabytes](${picture})\n\n`;
  const caption =
    `${says} Bytes are those of whole messages both ways, labels and weights included, tests apart. ` +
    `${runs.length === 1 ? 'One seed' : `Medians of ${runs.length} seeds`}; ${facts.machine}, ${facts.date}.`;
  const page = new URL('docs/wire.md', root);
  await writeSection(page, `bench:wire:${name}`, `${image}${curveTable(points, column)}\n\n${caption}`);
}

/** What was measured before of each seed, where only some ways are measured. */
async function knownOf(name: ComparisonName): Promise<readonly SeedRuns[]> {
  if (values.way === undefined) return [];
  const text = await readFile(new URL(`bench/results/wire-${name}.json`, root), 'utf8');
  return (JSON.parse(text) as { readonly runs: readonly SeedRuns[] }).runs;
}

/** One seed in a process of its own. Throws where that fails. */
function apart(name: ComparisonName, seed: number): Promise<SeedRuns> {
  const more = (['adult', 'way'] as const).flatMap((flag) => {
    const value = values[flag];
    return value === undefined ? [] : [`--${flag}`, value];
  });
  const child = fork(fileURLToPath(import.meta.url), ['--only', name, '--seed', String(seed), ...more]);
  return new Promise((resolve, reject) => {
    child.once('message', (runs) => resolve(runs as SeedRuns));
    child.once('exit', (code) => reject(new Error(`seed ${seed} of ${name} ended with ${String(code)}`)));
  });
}
