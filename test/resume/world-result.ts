import { createHash } from 'node:crypto';
import { flatten } from '../../shared/checkpoint/plain-tree.js';
import type { CrashPoint } from '../../shared/crash-point.js';

/** What a world of crashes came to. */
export interface WorldResult {
  /** Of weights and optimizers of all lanes and of all clients that saw the end. */
  readonly digest: string;
  readonly weightsHash: string;
  readonly steps: number;
  /** How many of them the second client has done. */
  readonly secondDid: number;
  /** Whose step was taken when. */
  readonly order: readonly number[];
  /** Every point that was reached, and how often. */
  readonly reached: ReadonlyMap<CrashPoint, number>;
  readonly crashes: number;
}

export function digestOf(tree: unknown): string {
  const { json, arrays } = flatten(tree);
  const hash = createHash('sha256').update(json);
  arrays.forEach((array) => hash.update(array));
  return hash.digest('hex');
}
