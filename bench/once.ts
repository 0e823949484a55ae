import { TandemError } from '../shared/errors.js';
import type { RunOptions } from '../shared/config.js';

/** How smashed data of MNIST travel once from where the model is cut: what keeps the accuracy of the undivided model for the fewest bytes. */
const ways: Readonly<Record<string, RunOptions>> = {
  dense1: { epochs: 6, pool: 6, codecUp: 'int3+rans', codecWeights: 'int8+rans' },
  pool2: { epochs: 8, pool: 6, codecUp: 'int3+rans', codecWeights: 'int8+rans' },
};

/** The options of such a run. Throws BAD_OPTION for a cut that was not measured. */
export function onceAt(cut: string): RunOptions {
  const way = ways[cut];
  if (way) return { schedule: 'local-loss', ...way };
  throw new TandemError(
    'BAD_OPTION',
    `no way was measured for the cut '${cut}'`,
    `take ${Object.keys(ways).join(' or ')}`,
  );
}
