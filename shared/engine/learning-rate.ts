import { TandemError } from '../errors.js';
import { refuseUnknownFields } from '../fields/check-fields.js';

/**
 * How a learning rate changes, as plain data. It depends on nothing but the number of updates the optimizer has made, which
 * is part of its state: what is resumed or handed over goes on with the very rate it would have had.
 */
export type LearningRateSchedule = Warmup &
  (
    | { readonly kind: 'constant' }
    /** Times `factor` after every so many updates. */
    | { readonly kind: 'step'; readonly every: number; readonly factor: number }
    /** Times `factor` over so many updates, a little with each. */
    | { readonly kind: 'exponential'; readonly every: number; readonly factor: number }
    /** Half a cosine from the full rate to `final` times it (Loshchilov and Hutter, 2017, arXiv:1608.03983). */
    | { readonly kind: 'cosine'; readonly updates: number; readonly final: number }
  );

interface Warmup {
  /** Updates over which the rate rises linearly to its full height, before the rest begins; 0 for none. */
  readonly warmup: number;
}

interface WarmupOption {
  warmup?: number;
}

// Options that are not known go along, and are refused with the task.

/** The same rate at every step. */
export function constant({ warmup = 0, ...none }: WarmupOption = {}): LearningRateSchedule {
  return { kind: 'constant', warmup, ...none };
}

/** The rate times a factor after each so many steps. */
export function stepDecay(
  every: number,
  factor = 0.1,
  { warmup = 0, ...none }: WarmupOption = {},
): LearningRateSchedule {
  return { kind: 'step', every, factor, warmup, ...none };
}

/** The rate times a factor for each so many steps, smoothly. */
export function exponentialDecay(
  every: number,
  factor = 0.1,
  { warmup = 0, ...none }: WarmupOption = {},
): LearningRateSchedule {
  return { kind: 'exponential', every, factor, warmup, ...none };
}

/** From the rate down to a last one along half a cosine. */
export function cosineDecay(
  updates: number,
  { final = 0, warmup = 0, ...none }: WarmupOption & { final?: number } = {},
): LearningRateSchedule {
  return { kind: 'cosine', updates, final, warmup, ...none };
}

/** The rate of the next update, after so many. */
export function learningRateAfter(
  updates: number,
  { learningRate, schedule }: { readonly learningRate: number; readonly schedule?: LearningRateSchedule },
): number {
  if (!schedule) return learningRate;
  const since = updates - schedule.warmup;
  if (since < 0) return (learningRate * (updates + 1)) / schedule.warmup;
  switch (schedule.kind) {
    case 'constant':
      return learningRate;
    case 'step':
      return learningRate * schedule.factor ** Math.floor(since / schedule.every);
    case 'exponential':
      return learningRate * schedule.factor ** (since / schedule.every);
    case 'cosine': {
      const done = Math.min(1, since / schedule.updates);
      return learningRate * (schedule.final + ((1 - schedule.final) * (1 + Math.cos(Math.PI * done))) / 2);
    }
  }
}

/** Counts are whole; `every` and `updates` divide, so they are at least 1. A factor above 1 would grow without end. */
const rules: Readonly<Record<string, (value: number) => boolean>> = {
  warmup: (value) => Number.isSafeInteger(value) && value >= 0,
  every: (value) => Number.isSafeInteger(value) && value >= 1,
  updates: (value) => Number.isSafeInteger(value) && value >= 1,
  factor: (value) => value > 0 && value <= 1,
  final: (value) => value >= 0 && value <= 1,
};

/** Throws BAD_OPTION when a field is missing, not known or out of range: a schedule may come from a peer. */
export function checkSchedule(value: unknown): LearningRateSchedule {
  const schedule = value as LearningRateSchedule | null;
  const kind = String(schedule?.kind);
  const template = {
    constant: constant(),
    step: stepDecay(1),
    exponential: exponentialDecay(1),
    cosine: cosineDecay(1),
  };
  if (!Object.hasOwn(template, kind)) {
    throw new TandemError(
      'BAD_OPTION',
      `unknown learning rate schedule '${kind}'`,
      'use constant, step, exponential or cosine',
    );
  }
  const fields = Object.keys(template[kind as keyof typeof template]);
  refuseUnknownFields(`learning rate schedule ${kind}`, schedule as object, fields);
  for (const key of fields) {
    const given = (schedule as unknown as Record<string, unknown>)[key];
    const allowed = rules[key];
    if (!allowed || (typeof given === 'number' && allowed(given))) continue;
    throw new TandemError(
      'BAD_OPTION',
      `learning rate schedule ${kind}: ${key} is ${String(given)}`,
      'counts are whole numbers, every and updates at least 1; factor is above 0, factor and final at most 1',
    );
  }
  return schedule as LearningRateSchedule;
}
