import { readFile, unlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { TandemError } from '../shared/errors.js';

/** Folders that this process holds: its own number in a file does not say by whom. */
const held = new Set<string>();

/**
 * Keeps other processes of this machine out of a folder; answers how to let them in again. A lock whose process is gone, by
 * `kill -9` for instance, is taken over. Throws BAD_OPTION.
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const path = join(resolve(folder), 'lock');
  if (held.has(path)) throw taken(folder, process.pid);
  held.add(path);
  try {
    await claim(path, folder);
  } catch (error) {
    held.delete(path);
    throw error;
  }
  return async () => {
    if (!held.delete(path)) return;
    await unlink(path).catch(() => undefined);
  };
}

async function claim(path: string, folder: string): Promise<void> {
  for (;;) {
    try {
      await writeFile(path, `${process.pid}\n`, { flag: 'wx' });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const owner = Number(await readFile(path, 'utf8').catch(() => ''));
    if (owner !== process.pid && isAlive(owner)) throw taken(folder, owner);
    await unlink(path).catch(() => undefined);
  }
}

function isAlive(pid: number): boolean {
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It lives, and belongs to somebody else.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function taken(folder: string, pid: number): TandemError {
  return new TandemError(
    'BAD_OPTION',
    `process ${pid} uses the state folder ${folder}`,
    'end it, or choose another --state',
  );
}
