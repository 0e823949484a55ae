import type { IdentifiedData } from '../../shared/data/row-ids.js';
import { Killed, type Life } from './life.js';
import { turns } from './world-time.js';

/** Data of a client that stops for good after its first batch, in each of its lives, and leaves its link open. */
export function stoppingAfterOne(data: IdentifiedData, life: () => Life | undefined): IdentifiedData {
  const { train } = data;
  let first: string | undefined;
  return {
    ...data,
    train: {
      size: train.size,
      label: (row) => train.label(row),
      batch: async (rows) => {
        // One row is looked at before anything is sent.
        if (rows.length > 1) first ??= Array.from(rows).join(' ');
        if (rows.length === 1 || Array.from(rows).join(' ') === first) return train.batch(rows);
        for (const own = life(); own?.alive;) await turns(1);
        throw new Killed();
      },
    },
  };
}
