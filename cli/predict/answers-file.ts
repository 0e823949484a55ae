import { createWriteStream, type WriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import { dirname } from 'node:path';
import { tryFolder } from '../../storage/try-folder.js';
import { withFile } from '../../storage/file-trouble.js';

/** The file that answers are written to as they come; it is there when it is whole, under its own name. */
export class AnswersFile {
  private constructor(
    private readonly path: string,
    private readonly stream: WriteStream,
  ) {}

  /** Tries the place before the work. Throws CANNOT_WRITE. */
  static async open(path: string): Promise<AnswersFile> {
    await tryFolder({ path: dirname(path), flag: '--out' });
    const stream = createWriteStream(`${path}.tmp`);
    await withFile('write', { path, flag: '--out' }, () => once(stream, 'open'));
    return new AnswersFile(path, stream);
  }

  /** Waits where the disk is slower than the model. Throws CANNOT_WRITE. */
  write(lines: string): Promise<void> {
    return withFile('write', { path: this.path, flag: '--out' }, async () => {
      if (!this.stream.write(lines)) await once(this.stream, 'drain');
    });
  }

  /** Throws CANNOT_WRITE. */
  async close(): Promise<void> {
    await withFile('write', { path: this.path, flag: '--out' }, async () => {
      this.stream.end();
      await finished(this.stream);
      await rename(`${this.path}.tmp`, this.path);
    });
  }

  /** What is not whole is nothing to anybody. */
  async drop(): Promise<void> {
    this.stream.destroy();
    await rm(`${this.path}.tmp`, { force: true });
  }
}
