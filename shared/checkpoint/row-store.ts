/** Bytes that only grow at their end, and are read anywhere: those of a checkpoint that would be too many to be written again each time. */
export interface Rows {
  /** Bytes so far. */
  readonly length: number;
  append(bytes: Uint8Array): void;
  /** Fills `into` with what begins at a byte. */
  read(at: number, into: Uint8Array): void;
  /** Forgets what begins at a byte. */
  cut(length: number): void;
  /** When it resolves, all that was appended survives a crash of the machine. */
  flush(): Promise<void>;
  close(): void;
}

/** Where rows are kept, by name, beside checkpoints. */
export interface RowStore {
  open(name: string): Rows;
  /** Removes all but those. */
  keepOnly(names: readonly string[]): void;
}

/** So many bytes are taken at once, so that rows are not copied each time some are added. */
const BLOCK_BYTES = 2 ** 22;

/** Rows in memory. */
export class MemoryRows implements Rows {
  private readonly blocks: Uint8Array[] = [];
  length = 0;

  append(bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length;) {
      const place = this.length % BLOCK_BYTES;
      const index = (this.length - place) / BLOCK_BYTES;
      const block = (this.blocks[index] ??= new Uint8Array(BLOCK_BYTES));
      const part = bytes.subarray(done, done + BLOCK_BYTES - place);
      block.set(part, place);
      done += part.length;
      this.length += part.length;
    }
  }

  read(at: number, into: Uint8Array): void {
    for (let done = 0; done < into.length;) {
      const place = (at + done) % BLOCK_BYTES;
      const block = this.blocks[(at + done - place) / BLOCK_BYTES] ?? new Uint8Array(BLOCK_BYTES);
      const part = block.subarray(place, Math.min(BLOCK_BYTES, place + into.length - done));
      into.set(part, done);
      done += part.length;
    }
  }

  cut(length: number): void {
    this.length = length;
    this.blocks.length = Math.ceil(length / BLOCK_BYTES);
  }

  flush(): Promise<void> {
    return Promise.resolve();
  }

  close(): void {
    this.cut(0);
  }
}

/** Rows in memory that outlive who opened them, not the process. */
export class MemoryRowStore implements RowStore {
  private readonly kept = new Map<string, Uint8Array>();

  open(name: string): Rows {
    const rows = new MemoryRows();
    rows.append(this.kept.get(name) ?? new Uint8Array());
    const flush = () => {
      const bytes = new Uint8Array(rows.length);
      rows.read(0, bytes);
      this.kept.set(name, bytes);
      return Promise.resolve();
    };
    return Object.assign(rows, { flush });
  }

  keepOnly(names: readonly string[]): void {
    for (const name of this.kept.keys()) if (!names.includes(name)) this.kept.delete(name);
  }
}
