import { TandemError } from '../../shared/errors.js';
import { largestOf, USUAL, type NdArray } from '../../shared/ndarray.js';

/** A lane that gives larger values to a client that has sent nothing unusual is spoiled. */
export const MOST_GIVEN = 1e7;

/** Whose step it is, to decide whose fault it is when the step cannot be used. */
export interface StepOf {
  readonly client: number;
  /** The largest value that the client was given and that other clients' training had a part in. */
  readonly given: number;
}

/** Other clients' part in a step that cannot be used: none; they have spoiled the lane; or the values that its client was given. */
export type Others = 'none' | 'spoiled-lane' | 'spoiled-client';

/**
 * Not the client's fault: a step of usual values on a lane that others have trained, and a step after it was given unusual values that others
 * had a part in. Any other step is.
 */
export function othersPart(of: StepOf | undefined, sent: readonly NdArray[], movers: ReadonlySet<number>): Others {
  if (!of) return 'none';
  if (isMovedByOthers(of, movers) && largestOf(sent) <= USUAL) return 'spoiled-lane';
  return of.given > USUAL ? 'spoiled-client' : 'none';
}

export function isMovedByOthers({ client }: Pick<StepOf, 'client'>, movers: ReadonlySet<number>): boolean {
  return movers.size > (movers.has(client) ? 1 : 0);
}

/** The refusal of a client whose uploaded weights make the merged model overflow. */
export function unusable(round: number): TandemError {
  const what = `what the client sent up in round ${round} makes a model that nothing can be computed with, and was left out`;
  return new TandemError('BAD_VALUE', what, 'lower the learning rate or check the data');
}
