import { TandemError } from '../../shared/errors.js';

/** What a client has done in its turn. */
export interface Turned {
  readonly samples: number;
  readonly steps: number;
}

/**
 * Throws BAD_MESSAGE where an optimizer says it has made more updates than steps were done since it was handed over, or fewer than it was handed over with:
 * learning rates follow from the count, for all who are handed it after.
 */
export function checkUpdates(claimed: number, given: number, steps: number): void {
  if (claimed >= given && claimed <= given + steps) return;
  const what = `an optimizer that had made ${given} updates has made ${claimed} after ${steps} steps`;
  throw new TandemError('BAD_MESSAGE', what, 'send what your own steps have made of it');
}
