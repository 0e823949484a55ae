import { readFile } from 'node:fs/promises';
import { markdownTable, textTable, writeSection } from '../../bench/markdown.js';
import { root, writeResult } from '../../bench/results.js';
import type { BundlerCheck } from './bundlers.js';
import type { Installed } from './managers.js';
import { partsRows } from './parts-table.js';
import type { RuntimeCheck } from './runtimes.js';
import type { SlowVisit } from './slow-visit.js';
import type { Visit } from './visit.js';

/** What the last run of each part found. */
export interface InstallResults {
  readonly tarballMegabytes?: number;
  readonly managers?: readonly Installed[];
  readonly runtimes?: readonly RuntimeCheck[];
  readonly bundlers?: readonly BundlerCheck[];
  readonly visits?: Readonly<Record<string, readonly Visit[]>>;
  readonly slow?: Readonly<Record<string, SlowVisit>>;
}

const FILE = new URL('bench/results/install.json', root);
const INSTALLING = new URL('docs/installing.md', root);
const BROWSER = new URL('docs/browser.md', root);

/** Puts what was found in the place of what was found before, and writes the tables anew. */
export async function keepResults(found: InstallResults): Promise<void> {
  const before = await readFile(FILE, 'utf8').catch(() => '{}');
  const all = merged(JSON.parse(before) as InstallResults, found);
  await writeResult('install', all);
  const { managers = [], runtimes = [], bundlers = [], visits = {}, slow = {} } = all;
  await writeSection(INSTALLING, 'check:install', installTable(managers, runtimes));
  const npm = managers.find(({ name }) => name === 'npm 11');
  if (npm)
    await writeSection(INSTALLING, 'check:parts', textTable([['what', 'MB', 'what it is for'], ...partsRows(npm)]));
  await writeSection(BROWSER, 'check:bundlers', bundlerTable(bundlers));
  await writeSection(BROWSER, 'check:visits', `${visitTable(visits)}\n\n${slowTable(slow)}`);
}

/** Each entry by its name: a part may have been tried in pieces. */
function merged(before: InstallResults, found: InstallResults): InstallResults {
  return {
    ...before,
    ...found,
    managers: named(before.managers, found.managers),
    runtimes: named(before.runtimes, found.runtimes),
    bundlers: named(before.bundlers, found.bundlers),
    visits: { ...before.visits, ...found.visits },
    slow: { ...before.slow, ...found.slow },
  };
}

function named<T extends { readonly name: string }>(before: readonly T[] = [], found: readonly T[] = []): T[] {
  return [...new Map([...before, ...found].map((each) => [each.name, each])).values()];
}

function installTable(managers: readonly Installed[], runtimes: readonly RuntimeCheck[]): string {
  const hash = (weights: string) => `\`${weights.slice(0, 12)}\``;
  return markdownTable([
    ['installed, or run, with', 'computes with', 'MB', 'weights'],
    ...managers.map(({ name, computes, megabytes, weights }) => [
      name,
      computes,
      megabytes === null ? 'none' : `${megabytes}`,
      hash(weights),
    ]),
    ...runtimes.map(({ name, version, computes, weights }) => [
      `${name} (${version.replace(/^v|^deno (\S+).*/, '$1')})`,
      computes,
      '',
      hash(weights),
    ]),
  ]);
}

function bundlerTable(bundlers: readonly BundlerCheck[]): string {
  return markdownTable([
    ['bundler', 'trained in Chromium', 'MB built', 'MB a visit', 'warnings'],
    ...bundlers.map(({ name, says, megabytes, visitMegabytes, warnings }) => [
      name,
      says.includes('over after') ? 'yes' : 'no',
      `${megabytes ?? ''}`,
      `${visitMegabytes ?? ''}`,
      `${warnings.length}`,
    ]),
  ]);
}

function visitTable(visits: Readonly<Record<string, readonly Visit[]>>): string {
  const kilobytes = (bytes: number) =>
    (bytes / 1000).toLocaleString('en', { maximumFractionDigits: bytes < 1e4 ? 1 : 0 });
  return markdownTable([
    ['over', 'first visit, kB', 'second visit, kB', 'first step of the first visit after'],
    ...Object.entries(visits).map(([over, [first, second]]) => [
      over,
      kilobytes(first?.bytes ?? 0),
      kilobytes(second?.bytes ?? 0),
      `${first?.secondsToFirstStep ?? 0} s`,
    ]),
  ]);
}

function slowTable(slow: Readonly<Record<string, SlowVisit>>): string {
  return markdownTable([
    [
      '400 ms and 50 kB/s',
      'the page stands',
      'whether there is a place',
      'data can be chosen',
      'first step',
      'longest without movement',
    ],
    ...Object.entries(slow).map(
      ([over, { pageStands, placeIsSaid, dataCanBeChosen, firstStep, longestWithoutMovement }]) => [
        over,
        ...[pageStands, placeIsSaid, dataCanBeChosen, firstStep].map((seconds) => `${seconds} s`),
        `${longestWithoutMovement[0]?.seconds.toFixed(1) ?? '0'} s`,
      ],
    ),
  ]);
}
