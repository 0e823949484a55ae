import type { RowStore } from './row-store.js';

/**
 * Keeps checkpoints where a crash cannot reach them: files in Node, a database in a browser. It knows nothing of what the bytes
 * mean. test/checkpoint/store-conformance.ts says what every store promises.
 */
export interface CheckpointStore {
  /** Where a server keeps what only grows. */
  readonly rows?: RowStore;
  /**
   * Makes these bytes the newest generation of a name. When it resolves they survive a crash of the machine, and damage to a
   * file that holds them; when it does not, the generation before is still there. One call at a time for each name.
   */
  save(name: string, bytes: Uint8Array): Promise<void>;
  /**
   * The newest generation that `open` does not throw at, or undefined when there is none. What it throws at is set aside and
   * never counts as a generation again. Throws BAD_VERSION, which names the place, for a generation of which every copy is unreadable and some are of
   * another format (`open` throws BAD_VERSION): it is left as it is.
   */
  load<T>(name: string, open: (bytes: Uint8Array) => Promise<T>): Promise<T | undefined>;
  /** Lets others use the store. */
  close(): Promise<void>;
}

/** Generations kept of each name: if the newest turns out to be of no use, there is one before it. */
export const GENERATIONS = 2;

/** What follows the name of each copy of a generation: it is there twice, should one be damaged. */
export const COPIES = ['', '.copy'] as const;
