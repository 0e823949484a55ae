import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TandemError } from '../shared/errors.js';
import type { ClientAccount, RunSummary } from '../shared/events.js';
import { bytesOf } from '../shared/ndarray.js';
import type { RunResult } from './run/summarise.js';
import { withFile } from '../storage/file-trouble.js';
import { makeFolder } from '../storage/make-folder.js';

/** `run.json` of a saved run; beside it, `weights.bin` holds all weights in the order of `weightsHash`, `bottom-<name>.bin` those of a further bottom. */
export interface SavedRun {
  /** The task's name or file, as it was given. */
  readonly task: string;
  readonly summary: RunSummary;
  readonly clients: readonly ClientAccount[];
}

/** Throws CANNOT_WRITE. */
export function saveRun(folder: string, task: string, result: RunResult): Promise<void> {
  return withFile('write', { path: folder, flag: '--save' }, () => write(folder, task, result));
}

async function write(folder: string, task: string, { summary, clients, trained }: RunResult): Promise<void> {
  await makeFolder(folder);
  const saved: SavedRun = { task, summary, clients };
  await writeFile(join(folder, 'weights.bin'), Buffer.concat(trained.weights.map(bytesOf)));
  // The task's further bottoms, each by itself; the model in weights.bin has the task's own.
  for (const [name, weights] of Object.entries(trained.bottoms ?? {})) {
    await writeFile(join(folder, `bottom-${name}.bin`), Buffer.concat(weights.map(bytesOf)));
  }
  await writeFile(join(folder, 'run.json'), `${JSON.stringify(saved, null, 2)}\n`);
}

/** Throws CANNOT_READ, and BAD_DATA when the folder holds no saved run. */
export async function readSavedRun(folder: string): Promise<SavedRun> {
  const path = join(folder, 'run.json');
  const nothing = (why: string) =>
    new TandemError('BAD_DATA', `${folder} holds no saved run${why}`, 'save one with: tandem simulate --save <folder>');
  const text = await withFile('read', { path }, () =>
    readFile(path, 'utf8').catch((error: unknown) => {
      throw (error as NodeJS.ErrnoException).code === 'ENOENT' ? nothing('') : error;
    }),
  );
  try {
    const saved = JSON.parse(text) as Partial<SavedRun> | null;
    if (typeof saved?.task === 'string' && saved.summary && saved.clients) {
      // A run of one's own data has its task beside it.
      const own = join(folder, saved.task);
      return { ...(saved as SavedRun), task: /[./\\]/.test(saved.task) && existsSync(own) ? own : saved.task };
    }
  } catch {
    // Said below.
  }
  throw nothing(': its run.json is none of Tandem, or damaged');
}
