import { TandemError } from '../../shared/errors.js';
import { largestOf, USUAL, type NdArray } from '../../shared/ndarray.js';

/** A lane that gives more than this to somebody who has sent nothing unusual is of no use to anybody. */
export const MOST_GIVEN = 1e7;

/** Whose step it is, as far as that says whose fault it is when it cannot be taken. */
export interface StepOf {
  readonly client: number;
  /** The largest value that the client was given and that others had a part in. */
  readonly given: number;
}

/** What others have to do with a step that cannot be taken: `none`; they have spoiled the lane; or what its client goes by. */
export type Others = 'none' | 'spoiled-lane' | 'spoiled-client';

/**
 * What comes of weights or gradients that the server gave, and others had a part in, is never held against a client; only what is unusual where
 * nothing was that it was given.
 */
export function othersPart(of: StepOf | undefined, sent: readonly NdArray[], movers: ReadonlySet<number>): Others {
  if (!of) return 'none';
  if (isMovedByOthers(of, movers) && largestOf(sent) <= USUAL) return 'spoiled-lane';
  return of.given > USUAL ? 'spoiled-client' : 'none';
}

export function isMovedByOthers({ client }: Pick<StepOf, 'client'>, movers: ReadonlySet<number>): boolean {
  return movers.size > (movers.has(client) ? 1 : 0);
}

/** What whoever sent weights that overflow is refused with, where it is at fault. */
export function unusable(round: number): TandemError {
  const what = `what the client sent up in round ${round} makes a model that nothing can be computed with, and was left out`;
  return new TandemError('BAD_VALUE', what, 'lower the learning rate or check the data');
}
