import { COPIES, GENERATIONS, type CheckpointStore } from '../../../shared/checkpoint/checkpoint-store.js';
import { OtherFormat } from '../../../shared/checkpoint/other-format.js';
import { TandemError } from '../../../shared/errors.js';
import { checkpointsOf, type TabDatabase } from './tab-database.js';

type Key = [part: string, name: string, generation: number];

/**
 * Checkpoints in a browser's database, for one tab at a time: the tab that opened a part's store last owns it, and writes of
 * earlier owners are refused within the transaction. So a tab that was frozen while another took over cannot overwrite its
 * checkpoints.
 */
export class IndexedDbStore implements CheckpointStore {
  private constructor(
    private readonly database: TabDatabase,
    private readonly part: string,
    private readonly owner: string,
  ) {}

  /** Becomes the owner of a part's checkpoints. */
  static async open(database: TabDatabase, part: string): Promise<IndexedDbStore> {
    const owner = crypto.randomUUID();
    await database.put('owners', owner, part);
    return new IndexedDbStore(database, part, owner);
  }

  /** Reads a part's checkpoints, whoever owns them. */
  static reading(database: TabDatabase, part: string): CheckpointStore {
    return new IndexedDbStore(database, part, '');
  }

  /** Throws TAKEN_OVER once another tab is the owner, and CANNOT_WRITE when there is no room. */
  async save(name: string, bytes: Uint8Array): Promise<void> {
    const transaction = this.database.transaction(['checkpoints', 'owners'], 'readwrite', { durability: 'strict' });
    const checkpoints = transaction.objectStore('checkpoints');
    try {
      if ((await transaction.objectStore('owners').get(this.part)) !== this.owner) throw takenOver();
      const copies = COPIES.map((copy) => name + copy);
      const older = await Promise.all(copies.map((copy) => checkpoints.getAllKeys(checkpointsOf(this.part, copy))));
      const generations = generationsOf(older.flat());
      // A copy of these bytes alone: the database would clone the whole buffer of a view.
      const own = new Uint8Array(bytes);
      const next = (generations[0] ?? 0) + 1;
      await Promise.all(copies.map((copy) => checkpoints.put(own, [this.part, copy, next])));
      const kept = generations.slice(0, GENERATIONS - 1);
      const surplus = older.flat().filter(([, , generation]) => !kept.includes(generation));
      await Promise.all(surplus.map((key) => checkpoints.delete(key)));
      await transaction.done;
    } catch (error) {
      // The request that failed throws the same.
      transaction.done.catch(() => undefined);
      if (error instanceof TandemError) transaction.abort();
      throw roomOr(error);
    }
  }

  async load<T>(name: string, open: (bytes: Uint8Array) => Promise<T>): Promise<T | undefined> {
    const copies = COPIES.map((copy) => name + copy);
    const found = await Promise.all(
      copies.map((copy) => this.database.getAllKeys('checkpoints', checkpointsOf(this.part, copy))),
    );
    for (const generation of generationsOf(found.flat())) {
      const otherFormat = new OtherFormat('go on with the page that wrote it, or delete it and begin anew');
      for (const key of found.flat().filter((other) => other[2] === generation)) {
        const value = await this.database.get('checkpoints', key);
        try {
          if (value instanceof Uint8Array) return await open(value);
        } catch (error) {
          if (otherFormat.keeps(error, `what this browser keeps of ${this.part} (${key[1]}, ${generation})`)) continue;
        }
        // What is no bytes at all, too.
        await this.setAside(key, value);
      }
      otherFormat.throwIfFound();
    }
    return undefined;
  }

  /** Whether no other tab has become the owner. */
  async isOurs(): Promise<boolean> {
    return (await this.database.get('owners', this.part)) === this.owner;
  }

  /** There is no lock to release: the next tab to open the store owns it. */
  close(): Promise<void> {
    return Promise.resolve();
  }

  private async setAside([part, name, generation]: Key, value: unknown): Promise<void> {
    const { store, done } = this.database.transaction('checkpoints', 'readwrite');
    await Promise.all([
      store.put(value, [part, `${name}.damaged`, generation]),
      store.delete([part, name, generation]),
      done,
    ]);
  }
}

/** Without repetition, the newest first. */
function generationsOf(keys: readonly Key[]): number[] {
  return [...new Set(keys.map(([, , generation]) => generation))].sort((a, b) => b - a);
}

/** One tab goes on, the others do not. */
export function takenOver(): TandemError {
  return new TandemError(
    'TAKEN_OVER',
    'another tab of this browser takes part in this run',
    'go on there, or take over here',
  );
}

function roomOr(error: unknown): unknown {
  if (!(error instanceof DOMException) || error.name !== 'QuotaExceededError') return error;
  return new TandemError(
    'CANNOT_WRITE',
    'this browser has no room left to keep the training',
    'make room on this device',
  );
}
