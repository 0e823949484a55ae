import type { Command } from 'commander';
import { nameOfFigure, sayFigure } from '../../shared/preparation/answer.js';
import { listRuns, readRunRecord, runName, RUNS, type RunRecord } from '../../storage/run-folder.js';
import { fail, succeed } from '../outcome.js';
import { jsonFlag } from '../run-options.js';

export function addRuns(program: Command): void {
  program
    .command('runs [folders...]')
    .description('list the runs of tandem train, or compare some of them')
    .addOption(jsonFlag())
    .addHelpText('after', '\nExample:\n  $ tandem runs\n  $ tandem runs runs/people-1 runs/people-2\n')
    .action(run);
}

interface Listed {
  readonly folder: string;
  readonly record: RunRecord;
}

async function run(folders: string[], flags: { json: boolean }): Promise<void> {
  try {
    const found: Listed[] =
      folders.length > 0
        ? await Promise.all(folders.map(async (folder) => ({ folder, record: await readRunRecord(folder) })))
        : await listRuns(RUNS);
    const text =
      found.length === 0
        ? `no runs in ${RUNS}/`
        : folders.length > 1
          ? comparison(found)
          : found.map(lineOf).join('\n');
    succeed(flags.json, { runs: found.map(({ folder, record }) => ({ folder, ...shortOf(record) })) }, text);
  } catch (error) {
    fail(error, flags.json);
  }
}

function shortOf({ status, metrics, startedAt, endedAt, settings, curve, data }: RunRecord) {
  return { status, metrics, startedAt, endedAt, tests: curve.length, steps: curve.at(-1)?.steps ?? 0, data, settings };
}

/** One line a run, those that began last first. */
function lineOf({ folder, record }: Listed): string {
  const { status, metrics, curve, startedAt } = record;
  const figures = Object.entries(metrics)
    .filter(([name]) => name !== 'loss')
    .slice(0, 2)
    .map(([name, value]) => sayFigure(name, value));
  // Who was killed could not say that it has ended.
  const state = status === 'running' ? 'unfinished' : status;
  const parts = [
    folder.padEnd(22),
    startedAt.slice(0, 16).replace('T', ' '),
    state.padEnd(10),
    `${curve.length} tests`,
  ];
  return [...parts, ...figures].join('  ');
}

/** Figures side by side, and the settings in which runs differ. */
function comparison(found: readonly Listed[]): string {
  const names = (pick: (record: RunRecord) => object) => [
    ...new Set(found.flatMap(({ record }) => Object.keys(pick(record)))),
  ];
  const shown = (value: unknown) => {
    if (typeof value === 'number') return value.toLocaleString('en', { maximumSignificantDigits: 5 });
    return typeof value === 'string' ? value : value === undefined || value === null ? '-' : JSON.stringify(value);
  };
  const rows = [
    ['', ...found.map(({ folder }) => runName(folder))],
    ...names(({ metrics }) => metrics).map((name) => [
      nameOfFigure(name),
      ...found.map(({ record }) => shown(record.metrics[name])),
    ]),
    ...names(({ settings }) => settings)
      .map((name) => [name, ...found.map(({ record }) => shown(record.settings[name]))])
      .filter(([, first, ...others]) => others.some((other) => other !== first)),
    ['model', ...found.map(({ record }) => /^model\s+(\S+?):?\s/m.exec(record.decided.join('\n'))?.[1] ?? '-')],
  ];
  const widths = (rows[0] ?? []).map((_, column) =>
    rows.reduce((most, row) => Math.max(most, row[column]?.length ?? 0), 0),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
