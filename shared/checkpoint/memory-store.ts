import { OtherFormat } from './other-format.js';
import { MemoryRowStore } from './row-store.js';
import { GENERATIONS, type CheckpointStore } from './checkpoint-store.js';

/** Checkpoints in this process: they outlive the objects that saved them, not the process. */
export class MemoryStore implements CheckpointStore {
  readonly rows = new MemoryRowStore();
  private readonly kept = new Map<string, Uint8Array[]>();

  async save(name: string, bytes: Uint8Array): Promise<void> {
    const older = this.kept.get(name) ?? [];
    this.kept.set(name, [new Uint8Array(bytes), ...older].slice(0, GENERATIONS));
  }

  async load<T>(name: string, open: (bytes: Uint8Array) => Promise<T>): Promise<T | undefined> {
    for (const bytes of this.kept.get(name) ?? []) {
      const otherFormat = new OtherFormat('go on with the Tandem that wrote it');
      try {
        return await open(new Uint8Array(bytes));
      } catch (error) {
        if (otherFormat.keeps(error, `'${name}' in memory`)) otherFormat.throwIfFound();
        this.kept.set(name, this.kept.get(name)?.filter((other) => other !== bytes) ?? []);
      }
    }
    return undefined;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
