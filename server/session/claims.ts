import type { Contract } from '../../shared/contract.js';
import { TandemError } from '../../shared/errors.js';
import type { Message } from '../../shared/protocol/messages.js';

/** What a client claims to have, and how much of it it may still send. Plain data. */
export interface Claims {
  /** As `ready` said. */
  readonly samples: number;
  readonly testSamples: number;
  /** Training samples that may still come in this turn. */
  readonly rowsLeft: number;
  /** Of a party of a vertical run; none in what was written before there were any. */
  readonly toPredict?: number;
  /** Samples it has asked about in this evaluation. */
  readonly asked: number;
}

/** Checkpoints hold no infinity. */
const ANY = Number.MAX_SAFE_INTEGER;

export const noClaims: Claims = { samples: 0, testSamples: 0, rowsLeft: ANY, asked: 0 };

export function declared(claims: Claims, { samples, testSamples, toPredict }: Message<'ready'>): Claims {
  return { ...claims, samples, testSamples, toPredict: toPredict ?? 0 };
}

/** Begins a turn of so many steps: an epoch goes through all samples once, with a smaller last batch where need be. */
export function givenSteps(claims: Claims, steps: number, batch: number): Claims {
  const { samples } = claims;
  if (samples === 0) return { ...claims, rowsLeft: ANY };
  const perEpoch = Math.ceil(samples / batch);
  const rowsLeft = Math.floor(steps / perEpoch) * samples + Math.min((steps % perEpoch) * batch, samples);
  return { ...claims, rowsLeft };
}

/** Counts a step. Throws BAD_VALUE for more samples than the client has left in this turn: they weigh in the average. */
export function tookStep(claims: Claims, rows: number, step: number): Claims {
  const rowsLeft = claims.rowsLeft - rows;
  if (rowsLeft >= 0) return { ...claims, rowsLeft };
  const what = `step ${step} came with ${rows} samples, and of the ${claims.samples} that the client said it has ${claims.rowsLeft} are left in this turn`;
  throw new TandemError('BAD_VALUE', what, 'go through the samples once an epoch, with a smaller last batch', step);
}

export function beginTest(claims: Claims): Claims {
  return { ...claims, asked: 0 };
}

/** Counts a query. Throws BAD_VALUE for more test samples, or rows to predict, than the client claims to have. */
export function askedAbout(claims: Claims, rows: number, isPredicting = false): Claims {
  const asked = claims.asked + rows;
  const { testSamples, toPredict = 0 } = claims;
  const [most, kind] = isPredicting ? [toPredict, 'rows to predict'] : [testSamples, 'test samples'];
  if (asked <= most) return { ...claims, asked };
  const what = `questions came about ${asked} ${kind}, and the client said it has ${most}`;
  throw new TandemError('BAD_VALUE', what, 'ask about each once');
}

/** How many test samples a client's report covers: those it has asked about, or all it claims where it needs no queries. */
export function testedSamples({ testSamples, asked }: Claims, { tensors }: Pick<Contract, 'tensors'>): number {
  return tensors.length === 0 ? testSamples : asked;
}
