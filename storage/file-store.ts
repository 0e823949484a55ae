import { mkdir, open, readdir, readFile, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { GENERATIONS, type CheckpointStore } from '../shared/checkpoint/checkpoint-store.js';
import { lockFolder } from './folder-lock.js';

/**
 * Checkpoints as files of one folder, `<name>.<generation>.tndc`, for one process at a time. A file is written under another
 * name, flushed, renamed, and then the folder is flushed, so that no crash leaves half a file under a checkpoint's name.
 */
export class FileStore implements CheckpointStore {
  private constructor(
    private readonly folder: string,
    private readonly unlock: () => Promise<void>,
  ) {}

  /** Makes the folder if need be. Throws BAD_OPTION when another process uses it. */
  static async open(folder: string): Promise<FileStore> {
    await mkdir(folder, { recursive: true });
    return new FileStore(folder, await lockFolder(folder));
  }

  async save(name: string, bytes: Uint8Array): Promise<void> {
    const older = await this.generations(name);
    const next = (older[0] ?? 0) + 1;
    const temporary = join(this.folder, `${name}.tmp`);
    const file = await open(temporary, 'w');
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, this.path(name, next));
    await this.flushFolder();
    await Promise.all(older.slice(GENERATIONS - 1).map((generation) => unlink(this.path(name, generation))));
  }

  async load<T>(name: string, read: (bytes: Uint8Array) => Promise<T>): Promise<T | undefined> {
    for (const generation of await this.generations(name)) {
      const path = this.path(name, generation);
      try {
        return await read(await readFile(path));
      } catch {
        await rename(path, `${path}.damaged`);
      }
    }
    return undefined;
  }

  async close(): Promise<void> {
    await this.unlock();
  }

  /** The numbers of a name's generations, the newest first. */
  private async generations(name: string): Promise<number[]> {
    const files = await readdir(this.folder);
    return files
      .map((file) => /^(.*)\.(\d+)\.tndc$/.exec(file))
      .filter((match) => match?.[1] === name)
      .map((match) => Number(match?.[2]))
      .sort((a, b) => b - a);
  }

  private path(name: string, generation: number): string {
    return join(this.folder, `${name}.${generation}.tndc`);
  }

  private async flushFolder(): Promise<void> {
    const handle = await open(this.folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  }
}
