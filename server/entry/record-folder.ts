import { randomUUID } from 'node:crypto';
import { access, link, readdir, readFile, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TandemError } from '../../shared/errors.js';
import { fileTrouble, withFile } from '../../storage/file-trouble.js';
import { makeFolder } from '../../storage/make-folder.js';

/**
 * Facts as files that are written once and never changed, so that a server and a command can share a folder without
 * locks. Names are checked by the callers: they come from strangers.
 */
export class RecordFolder {
  private constructor(private readonly folder: string) {}

  /** Throws CANNOT_WRITE. */
  static async open(folder: string): Promise<RecordFolder> {
    await withFile('write', { path: folder }, () => makeFolder(folder, 0o700));
    return new RecordFolder(folder);
  }

  /** False when the record is there already. Readers see all of it or nothing. */
  add(name: string, content: object = {}): Promise<boolean> {
    return withFile('write', { path: this.folder }, () => this.write(name, content));
  }

  private async write(name: string, content: object): Promise<boolean> {
    const draft = join(this.folder, `.${randomUUID()}`);
    await writeFile(draft, `${JSON.stringify(content)}\n`, { flag: 'wx', mode: 0o600 });
    try {
      await link(draft, join(this.folder, name));
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    } finally {
      await unlink(draft);
    }
  }

  /** Throws CANNOT_READ, and BAD_DATA for what is no record. */
  async read<T>(name: string): Promise<T | undefined> {
    const path = join(this.folder, name);
    const text = await withFile('read', { path }, () => readFile(path, 'utf8').catch(unlessMissing));
    if (text === undefined) return undefined;
    try {
      return JSON.parse(text) as T;
    } catch {
      throw new TandemError('BAD_DATA', `${path} is damaged`, 'remove it, and let its owner in anew');
    }
  }

  /** Throws CANNOT_READ where it cannot be told: who was revoked must not come in because of that. */
  async has(name: string): Promise<boolean> {
    const path = join(this.folder, name);
    return access(path).then(
      () => true,
      (error: unknown) => {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
        throw fileTrouble(error, 'read', { path });
      },
    );
  }

  async names(): Promise<string[]> {
    const names = await withFile('read', { path: this.folder }, () => readdir(this.folder));
    return names.filter((name) => !name.startsWith('.')).sort();
  }
}

function unlessMissing(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
}
