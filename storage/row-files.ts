import {
  closeSync,
  constants,
  fsync,
  ftruncateSync,
  fstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { MemoryRows, type Rows, type RowStore } from '../shared/checkpoint/row-store.js';
import { TandemError } from '../shared/errors.js';
import { fileTrouble, type FileWork } from './file-trouble.js';

const ENDING = '.rows';
/** Rows that nobody writes down are in memory up to here, and above it in a file. */
const MOST_IN_MEMORY = 2 ** 28;

/** Rows as a file that grows. Throws CANNOT_WRITE and CANNOT_READ. */
class FileRows implements Rows {
  length: number;

  constructor(
    private readonly file: number,
    private readonly path: string,
  ) {
    this.length = fstatSync(file).size;
  }

  append(bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length;) {
      const rest = bytes.length - done;
      done += attempt('write', this.path, () => writeSync(this.file, bytes, done, rest, this.length + done));
    }
    this.length += bytes.length;
  }

  read(at: number, into: Uint8Array): void {
    for (let done = 0; done < into.length;) {
      const rest = into.length - done;
      const got = attempt('read', this.path, () => readSync(this.file, into, done, rest, at + done));
      if (got === 0) throw new TandemError('CANNOT_READ', `${this.path} ends before byte ${at + into.length}`);
      done += got;
    }
  }

  cut(length: number): void {
    attempt('write', this.path, () => ftruncateSync(this.file, length));
    this.length = length;
  }

  async flush(): Promise<void> {
    await promisify(fsync)(this.file).catch((error: unknown) => {
      throw fileTrouble(error, 'write', { path: this.path });
    });
  }

  close(): void {
    closeSync(this.file);
  }
}

/** Files of rows in a folder of checkpoints. */
export class FileRowStore implements RowStore {
  constructor(private readonly folder: string) {}

  open(name: string): Rows {
    const path = join(this.folder, name + ENDING);
    return new FileRows(
      attempt('write', path, () => openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600)),
      path,
    );
  }

  keepOnly(names: readonly string[]): void {
    const kept = names.map((name) => name + ENDING);
    attempt('write', this.folder, () => {
      for (const file of readdirSync(this.folder))
        if (file.endsWith(ENDING) && !kept.includes(file)) rmSync(join(this.folder, file), { force: true });
    });
  }
}

/** Rows for this process alone: in memory, and where they are many in a file that has no name any more. */
export class ScratchRows implements Rows {
  private rows: Rows = new MemoryRows();

  constructor(private readonly most = MOST_IN_MEMORY) {}

  get length(): number {
    return this.rows.length;
  }

  append(bytes: Uint8Array): void {
    if (this.rows instanceof MemoryRows && this.length + bytes.length > this.most) this.spill();
    this.rows.append(bytes);
  }

  read(at: number, into: Uint8Array): void {
    this.rows.read(at, into);
  }

  cut(length: number): void {
    this.rows.cut(length);
  }

  flush(): Promise<void> {
    return Promise.resolve();
  }

  close(): void {
    this.rows.close();
  }

  private spill(): void {
    const before = this.rows;
    const folder = attempt('write', tmpdir(), () => mkdtempSync(join(tmpdir(), 'tandem-')));
    const path = join(folder, `pool${ENDING}`);
    const file = attempt('write', path, () => openSync(path, 'wx+', 0o600));
    const away = () => rmSync(folder, { recursive: true, force: true });
    // An open file without a name is gone when the process is; where that cannot be, at its end.
    if (process.platform === 'win32') process.once('exit', away);
    else away();
    this.rows = new FileRows(file, path);
    const bytes = new Uint8Array(before.length);
    before.read(0, bytes);
    this.rows.append(bytes);
    before.close();
  }
}

function attempt<T>(work: FileWork, path: string, job: () => T): T {
  try {
    return job();
  } catch (error) {
    throw fileTrouble(error, work, { path });
  }
}
