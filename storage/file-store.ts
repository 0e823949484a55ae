import { open, readdir, readFile, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { COPIES, GENERATIONS, type CheckpointStore } from '../shared/checkpoint/checkpoint-store.js';
import { OtherFormat } from '../shared/checkpoint/other-format.js';
import { checkpointFile, parseCheckpointFile } from './checkpoint-names.js';
import { withFile } from './file-trouble.js';
import { lockFolder, type FolderLock } from './folder-lock.js';
import { FileRowStore } from './row-files.js';
import { tryFolder } from './try-folder.js';

/**
 * Checkpoints as files of one folder, `<name>.<generation>.tndc` and a copy of it, for one process at a time. A file is written under
 * another name, flushed, renamed, and then the folder is flushed, so that no crash leaves half a file under a checkpoint's name.
 */
export class FileStore implements CheckpointStore {
  readonly rows: FileRowStore;

  private constructor(
    private readonly folder: string,
    private readonly lock: FolderLock,
  ) {
    this.rows = new FileRowStore(folder);
  }

  /** Makes the folder if need be. Throws CANNOT_WRITE, and BAD_OPTION when another process uses it. */
  static async open(folder: string): Promise<FileStore> {
    const place = { path: folder, flag: '--state' };
    await tryFolder(place);
    return new FileStore(folder, await withFile('write', place, () => lockFolder(folder)));
  }

  /** Throws CANNOT_WRITE. */
  save(name: string, bytes: Uint8Array): Promise<void> {
    return withFile('write', { path: this.folder }, () => this.write(name, bytes));
  }

  private async write(name: string, bytes: Uint8Array): Promise<void> {
    await this.lock.check();
    const older = await this.generations(name);
    const next = (older[0] ?? 0) + 1;
    const names = COPIES.map((copy) => ({
      temporary: `${name}${copy}.tmp`,
      final: checkpointFile({ name, generation: next }, copy),
    }));
    try {
      await Promise.all(names.map(({ temporary }) => writeFlushed(join(this.folder, temporary), bytes)));
    } catch (error) {
      // Half a file takes room from the next try.
      await Promise.all(names.map(({ temporary }) => unlink(join(this.folder, temporary)).catch(() => undefined)));
      throw error;
    }
    for (const { temporary, final } of names) await rename(join(this.folder, temporary), join(this.folder, final));
    await flush(this.folder);
    await Promise.all(older.slice(GENERATIONS - 1).map((generation) => this.remove(name, generation)));
  }

  async load<T>(name: string, read: (bytes: Uint8Array) => Promise<T>): Promise<T | undefined> {
    for (const generation of await this.generations(name)) {
      const otherFormat = new OtherFormat('go on with the Tandem that wrote it, or begin anew with another --state');
      for (const copy of COPIES) {
        const path = join(this.folder, checkpointFile({ name, generation }, copy));
        const bytes = await withFile('read', { path }, () => readFile(path).catch(orTheOther));
        if (!bytes) continue;
        try {
          return await read(bytes);
        } catch (error) {
          if (!otherFormat.keeps(error, path)) await rename(path, `${path}.damaged`).catch(ignoreMissing);
        }
      }
      otherFormat.throwIfFound();
    }
    return undefined;
  }

  async close(): Promise<void> {
    await this.lock.release();
  }

  /** The numbers of a name's generations, the newest first. */
  private async generations(name: string): Promise<number[]> {
    const files = await readdir(this.folder);
    const numbers = files
      .map(parseCheckpointFile)
      .filter((named) => named?.name === name)
      .map((named) => named?.generation ?? 0);
    return [...new Set(numbers)].sort((a, b) => b - a);
  }

  private async remove(name: string, generation: number): Promise<void> {
    const paths = COPIES.map((copy) => join(this.folder, checkpointFile({ name, generation }, copy)));
    await Promise.all(paths.map((path) => unlink(path).catch(ignoreMissing)));
  }
}

async function writeFlushed(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'w');
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function flush(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** A copy that is not there, or on a part of the disk that is broken, is what there is another one for. */
function orTheOther(error: unknown): undefined {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== 'ENOENT' && code !== 'EIO') throw error;
}

function ignoreMissing(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
}
