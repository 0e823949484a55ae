import type { CheckpointStore } from '../../shared/checkpoint/checkpoint-store.js';

/** A store's methods alone, to be replaced one by one. */
export function asPlain(store: CheckpointStore): CheckpointStore {
  return {
    save: (name, bytes) => store.save(name, bytes),
    load: (name, open) => store.load(name, open),
    close: () => store.close(),
  };
}
