import type { PartPlan, Traffic } from './run-card.js';

export interface SampleCounts {
  readonly samples: number;
  readonly testSamples: number;
}

/** What a client's part will come to, as far as the plan of its run tells. */
export interface PartEstimate {
  /** Of this client. */
  readonly steps: number;
  readonly rounds: number;
  /** Bytes it sends and receives; null where lengths differ from sample to sample. */
  readonly bytes: Traffic | null;
}

/** For a client with so many samples, one of `clients`. */
export function estimatePart(plan: PartPlan, clients: number, { samples, testSamples }: SampleCounts): PartEstimate {
  const { batch, roundSteps, evaluateEvery, bytes } = plan;
  const anEpoch = Math.max(1, Math.ceil(samples / batch));
  const steps = Math.min((plan.epochs ?? Infinity) * anEpoch, Math.ceil((plan.steps ?? Infinity) / clients));
  const rounds = Math.ceil(steps / Math.min(roundSteps ?? anEpoch, anEpoch * (plan.epochs ?? Infinity)));
  const tests = 1 + (evaluateEvery === null ? 0 : Math.floor((rounds - 1) / evaluateEvery));
  const seen = Math.floor(steps / anEpoch) * samples + Math.min(samples, (steps % anEpoch) * batch);
  const fillings = plan.pool && Math.ceil(rounds / (plan.pool.everyRounds ?? Infinity));
  const sent = fillings === undefined ? seen : Math.max(1, fillings) * samples;
  if (!bytes.step || !bytes.test) return { steps, rounds, bytes: null };
  const up = sent * bytes.step.up + tests * testSamples * bytes.test.up + rounds * bytes.round;
  const given = rounds + tests + (fillings === undefined ? 0 : Math.max(1, fillings));
  const down = sent * bytes.step.down + tests * testSamples * bytes.test.down + given * bytes.round;
  return { steps, rounds, bytes: { up, down } };
}
