import { randomUUID } from 'node:crypto';
import { access, link, mkdir, readdir, readFile, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Facts as files that are written once and never changed, so that a server and a command can share a folder without
 * locks. Names are checked by the callers: they come from strangers.
 */
export class RecordFolder {
  private constructor(private readonly folder: string) {}

  static async open(folder: string): Promise<RecordFolder> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return new RecordFolder(folder);
  }

  /** False when the record is there already. Readers see all of it or nothing. */
  async add(name: string, content: object = {}): Promise<boolean> {
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

  async read<T>(name: string): Promise<T | undefined> {
    try {
      return JSON.parse(await readFile(join(this.folder, name), 'utf8')) as T;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  async has(name: string): Promise<boolean> {
    return access(join(this.folder, name)).then(
      () => true,
      () => false,
    );
  }

  async names(): Promise<string[]> {
    return (await readdir(this.folder)).filter((name) => !name.startsWith('.')).sort();
  }
}
