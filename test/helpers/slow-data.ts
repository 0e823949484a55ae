import type { ClientData, Dataset } from '../../shared/data/dataset.js';
import { createRng, type Rng } from '../../shared/rng.js';

/** The same data, each batch a seeded random number of turns of the event loop late, so that clients overtake each other. */
export function slowData(data: ClientData, ...seed: (string | number)[]): ClientData {
  const rng = createRng('slow', ...seed);
  return { train: slow(data.train, rng), ...(data.test ? { test: slow(data.test, rng) } : {}) };
}

function slow(dataset: Dataset, rng: Rng): Dataset {
  return {
    size: dataset.size,
    label: (row) => dataset.label(row),
    batch: async (rows) => {
      for (let turns = rng.int(40); turns > 0; turns--) await new Promise((resolve) => setImmediate(resolve));
      return dataset.batch(rows);
    },
  };
}
