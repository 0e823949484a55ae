import type { RunSettings } from '../../shared/config.js';
import type { Contract } from '../../shared/contract.js';
import type { RowStore } from '../../shared/checkpoint/row-store.js';
import { Pool } from './pool.js';

/** The pool of a run; undefined where smashed data are learned from as they come. Throws BAD_OPTION where samples have no one length. */
export function poolOf(
  { pool: epochs, batch, seed }: Pick<RunSettings, 'pool' | 'batch' | 'seed'>,
  contract: Pick<Contract, 'tensors' | 'labels'>,
  store: RowStore | undefined,
): Pool | undefined {
  return epochs === undefined ? undefined : new Pool(contract, { epochs, batch, seed }, store);
}
