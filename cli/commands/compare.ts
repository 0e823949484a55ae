import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import Table from 'cli-table3';
import type { Command } from 'commander';
import type { ComparedRun } from '../../simulator/compare.js';
import { variantsOf, type Variations } from '../../simulator/variants.js';
import { runOptionsOf } from '../../shared/run-fields.js';
import { TandemError } from '../../shared/errors.js';
import { withFile } from '../../storage/file-trouble.js';
import { tryFolder } from '../../storage/try-folder.js';
import { columns, comparisonPage } from '../compare-page.js';
import { dataHelp, loadData } from '../load-data.js';
import { loadEngine } from '../load-engine.js';
import { taskFromFlags } from '../load-task.js';
import { attempt, fail, succeed } from '../outcome.js';
import { jsonFlag, logFlag, parseRunFlag, withRunFlags, type RunFlags } from '../run-options.js';
import { RunProgress } from '../run-progress.js';
import { interruption } from '../signals.js';

interface CompareFlags extends RunFlags {
  readonly over: Variations;
  readonly out: string;
  readonly data?: string;
  readonly json: boolean;
  readonly logJson: boolean;
}

/** What `comparison.json` holds: the flags that all runs share, and the runs so far. */
interface Comparison {
  readonly shared: Readonly<Record<string, unknown>>;
  readonly runs: readonly ComparedRun[];
}

const EXAMPLES = `
Example:
  $ tandem compare --clients 4 --over schedule=sequential,splitfed-v2,centralised
  $ tandem compare --clients 10 --over schedule=splitfed-v2,centralised --over partition=iid,shards:2 --out noniid

A comparison that was stopped goes on where it was: give the same flags again.
`;

export function addCompare(program: Command): void {
  withRunFlags(
    program
      .command('compare')
      .description('run several settings on the same data and seed, and draw them side by side'),
  )
    .requiredOption(
      '--over <flag=a,b>',
      'what differs; every combination is run (may be given again)',
      addVariation,
      {},
    )
    .option('--data <data>', `${dataHelp} (default: the task's)`)
    .option('--out <folder>', 'where comparison.json and comparison.html go', 'comparison')
    .addOption(jsonFlag())
    .addOption(logFlag())
    .addHelpText('after', EXAMPLES)
    .action(run);
}

function addVariation(text: string, before: Variations): Variations {
  const [flag = '', values = ''] = text.split(/=(.*)/s);
  const parsed = values.split(',').map((value) => parseRunFlag(flag, value));
  return { ...before, [parsed[0]?.option ?? flag]: parsed.map(({ value }) => value) };
}

async function run({ over, out, data: dataName, json, logJson, ...flags }: CompareFlags): Promise<void> {
  const { log } = new RunProgress({ jsonLog: logJson });
  try {
    const variants = variantsOf(over);
    const task = await taskFromFlags(flags);
    await tryFolder({ path: out, flag: '--out' });
    const data = await loadData(dataName ?? task.data, task, (line) => log.info(line));
    const { compareOne } = await import('../../simulator/compare.js');
    const loadedEngine = await loadEngine(flags.engine, log);
    const signal = interruption((text) => log.warn(`${text}; the same flags go on with what is not done yet`));
    const shared = { ...flags, data: dataName ?? task.data ?? null };
    const known = await finishedRuns(out, shared);
    const runs: ComparedRun[] = [];
    let trouble: TandemError | undefined;
    for (const [index, variant] of variants.entries()) {
      const finished = known.find(({ name }) => name === variant.name);
      log.info(`${index + 1} of ${variants.length}: ${variant.name}${finished ? ', done before' : ''}`);
      const progress = new RunProgress({ jsonLog: logJson, lineEvery: 0.5 });
      const base = {
        clients: 4,
        ...runOptionsOf(flags),
        task,
        data,
        loadedEngine,
        signal,
        onEvent: progress.onEvent,
      };
      try {
        runs.push(finished ?? (await compareOne(base, variant)));
      } finally {
        progress.stop();
      }
      // Those found here stay in the file until their turn comes, or the next interruption would lose them.
      const later = known.filter(({ name }) => !runs.some((done) => done.name === name));
      trouble = await attempt(() => save(out, { shared, runs: [...runs, ...later] }));
      if (trouble) log.warn(`${trouble.line}; it is tried again after the next run`);
    }
    succeed(json, { out, runs }, `${table(runs)}\n${join(out, 'comparison.html')}`, trouble);
  } catch (error) {
    fail(error, json);
  }
}

/** The runs of an earlier comparison in this folder. Throws BAD_OPTION when it was about something else. */
async function finishedRuns(out: string, shared: Comparison['shared']): Promise<readonly ComparedRun[]> {
  const file = join(out, 'comparison.json');
  const text = await withFile('read', { path: file }, () =>
    readFile(file, 'utf8').catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      return null;
    }),
  );
  if (text === null) return [];
  let earlier: Comparison;
  try {
    earlier = JSON.parse(text) as Comparison;
  } catch {
    throw new TandemError('BAD_DATA', `${file} is not a comparison`, 'give another --out, or remove the file');
  }
  if (JSON.stringify(earlier.shared) !== JSON.stringify(shared)) {
    throw new TandemError('BAD_OPTION', `${file} holds a comparison with other flags`, 'give another --out');
  }
  return earlier.runs;
}

function save(out: string, comparison: Comparison): Promise<void> {
  return withFile('write', { path: out, flag: '--out' }, () => write(out, comparison));
}

async function write(out: string, comparison: Comparison): Promise<void> {
  const file = join(out, 'comparison.json');
  // Renamed when it is whole: an interrupted comparison goes on from this file.
  await writeFile(`${file}.part`, `${JSON.stringify(comparison, null, 2)}\n`);
  await rename(`${file}.part`, file);
  const title = `${String(comparison.shared.task)}, ${comparison.runs.length} runs compared`;
  await writeFile(join(out, 'comparison.html'), comparisonPage(title, comparison.runs));
}

function table(runs: readonly ComparedRun[]): string {
  const drawn = new Table({
    head: ['run', ...columns.map(({ title }) => title)],
    colAligns: ['left', ...Array<'right'>(columns.length).fill('right')],
    style: { head: [], border: [] },
  });
  for (const compared of runs) {
    if (compared.refusal !== null) {
      drawn.push([compared.name, { colSpan: columns.length, content: `refused: ${compared.refusal}` }]);
      continue;
    }
    const cells = columns.map(({ value, show }) => {
      const own = value(compared);
      return own === null ? '-' : show(own);
    });
    drawn.push([compared.name, ...cells]);
  }
  return drawn.toString();
}
