import type { CheckpointStore } from '../../shared/checkpoint/checkpoint-store.js';
import type { RowStore } from '../../shared/checkpoint/row-store.js';
import type { Rng } from '../../shared/rng.js';
import { Killed, type Life } from './life.js';
import { turns } from './world-time.js';

/** Turns that a disk takes at most: several messages come meanwhile. */
const MOST_TURNS = 8;

/** What is saved by the living only, on a disk that takes some turns for it. `saving` gets what is under way. */
export function slowDisk(life: Life, store: CheckpointStore, rng: Rng, saving: Promise<void>[]): CheckpointStore {
  const save = async (name: string, bytes: Uint8Array) => {
    await turns(rng.int(MOST_TURNS));
    if (!life.alive) throw new Killed();
    await store.save(name, bytes);
  };
  return {
    save: (name, bytes) => {
      const saved = save(name, bytes);
      saving.push(saved);
      return saved;
    },
    load: (name, open) => store.load(name, open),
    close: () => store.close(),
    ...(store.rows ? { rows: slowRows(life, store.rows, rng) } : {}),
  };
}

/** Rows that outlive a server, as far as it had flushed them; a dead one touches them no more. */
function slowRows(life: Life, store: RowStore, rng: Rng): RowStore {
  return {
    open: (name) => {
      const rows = store.open(name);
      const flushed = rows.flush.bind(rows);
      const flush = async () => {
        await turns(rng.int(MOST_TURNS));
        if (!life.alive) throw new Killed();
        await flushed();
      };
      return Object.assign(rows, { flush });
    },
    keepOnly: (names) => {
      if (life.alive) store.keepOnly(names);
    },
  };
}
