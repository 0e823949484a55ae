import type { Contract } from '../../shared/contract.js';
import { TandemError } from '../../shared/errors.js';
import type { Message } from '../../shared/protocol/messages.js';

/** What a client has said that it has, what it was given to do, and what it has sent and asked of that. Plain data. */
export interface Claims {
  /** As `ready` said. */
  readonly samples: number;
  readonly testSamples: number;
  /** Training samples that may still come in this turn. */
  readonly rowsLeft: number;
  /** Test samples it has asked about in this evaluation. */
  readonly asked: number;
}

/** Checkpoints hold no infinity. */
const ANY = Number.MAX_SAFE_INTEGER;

export const noClaims: Claims = { samples: 0, testSamples: 0, rowsLeft: ANY, asked: 0 };

export function declared(claims: Claims, { samples, testSamples }: Message<'ready'>): Claims {
  return { ...claims, samples, testSamples };
}

/** A turn of so many steps: an epoch goes through all samples once, the last batch of each is smaller where need be. */
export function givenSteps(claims: Claims, steps: number, batch: number): Claims {
  const { samples } = claims;
  if (samples === 0) return { ...claims, rowsLeft: ANY };
  const perEpoch = Math.ceil(samples / batch);
  const rowsLeft = Math.floor(steps / perEpoch) * samples + Math.min((steps % perEpoch) * batch, samples);
  return { ...claims, rowsLeft };
}

/** A step of so many samples. Throws BAD_VALUE for more than the client has: each weighs in the average. */
export function tookStep(claims: Claims, rows: number, step: number): Claims {
  const rowsLeft = claims.rowsLeft - rows;
  if (rowsLeft >= 0) return { ...claims, rowsLeft };
  const what = `step ${step} came with ${rows} samples, and of the ${claims.samples} that the client said it has ${claims.rowsLeft} are left in this turn`;
  throw new TandemError('BAD_VALUE', what, 'go through the samples once an epoch, with a smaller last batch', step);
}

export function beginTest(claims: Claims): Claims {
  return { ...claims, asked: 0 };
}

/** A question about so many test samples. Throws BAD_VALUE for more than the client said it has. */
export function askedAbout(claims: Claims, rows: number): Claims {
  const asked = claims.asked + rows;
  if (asked <= claims.testSamples) return { ...claims, asked };
  const what = `questions came about ${asked} test samples, and the client said it has ${claims.testSamples}`;
  throw new TandemError('BAD_VALUE', what, 'ask about each test sample once');
}

/** Of how many samples a client's report is: who has nothing to send for a question counts by itself. */
export function testedSamples({ testSamples, asked }: Claims, { tensors }: Pick<Contract, 'tensors'>): number {
  return tensors.length === 0 ? testSamples : asked;
}
