import { appendFile, mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { RunOptions } from '../shared/config.js';
import { TandemError } from '../shared/errors.js';
import type { ClientAccount, EvaluationPoint, RunSummary } from '../shared/events.js';
import type { Preparation } from '../shared/preparation/preparation.js';
import { withFile } from './file-trouble.js';
import { makeFolder } from './make-folder.js';
import { tryFolder } from './try-folder.js';

/** What lies in the folder of a run, `runs/NAME-N`. All but the state is there from the first test on, and whole at any moment. */
export const runFiles = {
  /** A `RunRecord`. */
  record: 'run.json',
  /** The task that was trained; a person may change it. */
  task: 'task.mjs',
  /** One line a test on the way. */
  curve: 'curve.csv',
  /** The same for TensorBoard. */
  events: 'events.out.tfevents.tandem',
  /** The weights of the model that is kept, the best so far, in the order of `weightsHash`. */
  best: 'weights.bin',
  /** Those of the last test. */
  last: 'last.bin',
  /** What the model that is kept says of each test row, in words and units. */
  predictions: 'test-predictions.csv',
  /** All of it for people, in one file. */
  report: 'report.html',
  /** What `--resume` goes on from; gone when the run is over. */
  state: 'state',
} as const;

export const RUN_FORMAT = 1;

/** Where runs are kept that were given no folder. */
export const RUNS = 'runs';

/** `run.json`: all that a run was made of, so that it can be made again, and what it came to. */
export interface RunRecord {
  readonly format: typeof RUN_FORMAT;
  readonly name: string;
  readonly status: 'running' | 'finished' | 'stopped' | 'failed';
  /** Why it failed. */
  readonly error: { readonly code: string; readonly message: string } | null;
  /** The task's file, from this folder. */
  readonly task: string;
  readonly preparation: Preparation;
  readonly data: { readonly path: string; readonly trainRows: number; readonly testRows: number };
  /** All that decides how it is trained, with every flag and every default. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Those of them that were asked for: the same run has them again. */
  readonly options: RunOptions;
  /** What was typed. */
  readonly command: readonly string[];
  readonly versions: Readonly<Record<string, string>>;
  readonly startedAt: string;
  readonly endedAt: string | null;
  /** What was found in the data and decided, a line each. */
  readonly decided: readonly string[];
  readonly curve: readonly CurvePoint[];
  /** The test figures of the model that is kept, in the label's own unit; empty until the first test. */
  readonly metrics: Readonly<Record<string, number | null>>;
  /** Only of a run that is over. */
  readonly summary?: RunSummary;
  readonly clients?: readonly ClientAccount[];
}

/** One test on the way, with the mean loss of training since the one before. */
export interface CurvePoint extends Pick<EvaluationPoint, 'round' | 'steps' | 'samples' | 'testLoss'> {
  readonly seconds: number;
  readonly trainLoss: number | null;
  readonly metrics: Readonly<Record<string, number | null>>;
}

/**
 * Makes the folder of a new run: the one that was asked for, or the next free `runs/NAME-N`. Throws CANNOT_WRITE, and BAD_OPTION where a run
 * is in it already.
 */
export async function makeRunFolder(name: string, asked?: string): Promise<string> {
  if (asked !== undefined) {
    await tryFolder({ path: asked, flag: '--save' });
    if (!(await isThere(join(asked, runFiles.record)))) return asked;
    throw new TandemError(
      'BAD_OPTION',
      `${asked} holds a run already`,
      'choose another --save, or go on with it: --resume',
    );
  }
  await tryFolder({ path: RUNS, flag: '--save' });
  for (let n = 1; ; n++) {
    const folder = join(RUNS, `${name}-${n}`);
    try {
      // Of two runs that begin at once, one is first.
      await mkdir(folder);
      return folder;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') continue;
      return withFile('write', { path: folder, flag: '--save' }, () => Promise.reject(error as Error));
    }
  }
}

/** Writes a file of a run so that it is always whole: the one before, or this one. Throws CANNOT_WRITE. */
export async function writeRunFile(folder: string, name: string, content: string | Uint8Array): Promise<void> {
  const path = join(folder, name);
  await withFile('write', { path }, async () => {
    await makeFolder(dirname(path));
    await writeFile(`${path}.tmp`, content);
    await rename(`${path}.tmp`, path);
  });
}

/** Adds to a file of a run; what a process leaves half done at the end, its readers leave out. Throws CANNOT_WRITE. */
export async function appendRunFile(folder: string, name: string, content: Uint8Array): Promise<void> {
  const path = join(folder, name);
  await withFile('write', { path }, () => appendFile(path, content));
}

export function writeRunRecord(folder: string, record: RunRecord): Promise<void> {
  return writeRunFile(folder, runFiles.record, `${JSON.stringify(record, null, 2)}\n`);
}

/** Throws CANNOT_READ, and BAD_DATA where the folder holds no run of `train`. */
export async function readRunRecord(folder: string): Promise<RunRecord> {
  const path = join(folder, runFiles.record);
  const text = await withFile('read', { path }, () => readFile(path, 'utf8'));
  const record = parsed(text);
  if (record?.format === RUN_FORMAT && record.preparation && record.curve) return record as RunRecord;
  throw new TandemError('BAD_DATA', `${path} is not of a run of tandem train`, 'give a folder such as runs/NAME-1');
}

/** The folders of runs below one, those that began last first. What cannot be read as one is left out. */
export async function listRuns(parent: string): Promise<{ readonly folder: string; readonly record: RunRecord }[]> {
  if (!(await isThere(parent))) return [];
  const names = await withFile('read', { path: parent }, () => readdir(parent));
  const found = await Promise.all(
    names.map(async (name) => {
      const folder = join(parent, name);
      const record = (await isThere(join(folder, runFiles.record)))
        ? // Other folders may lie beside those of runs.
          await readRunRecord(folder).catch(() => undefined)
        : undefined;
      return record ? [{ folder, record }] : [];
    }),
  );
  return found.flat().sort((a, b) => (a.record.startedAt < b.record.startedAt ? 1 : -1));
}

/** How a person calls the run of a folder. */
export function runName(folder: string): string {
  return basename(folder);
}

function parsed(text: string): Partial<RunRecord> | null {
  try {
    return JSON.parse(text) as Partial<RunRecord> | null;
  } catch {
    // Said by the caller.
    return null;
  }
}

function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    // What cannot be looked at is found out about where it is used.
    () => false,
  );
}
