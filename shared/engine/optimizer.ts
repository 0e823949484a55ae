import { TandemError } from '../errors.js';
import { refuseUnknownFields } from '../fields/check-fields.js';
import { checkSchedule, type LearningRateSchedule } from './learning-rate.js';

/** An optimizer as plain data, so it can be sent to the party that runs it. Defaults are those of tfjs. */
export type OptimizerSpec = LearningRate & Kind;

interface LearningRate {
  readonly learningRate: number;
  /** How the rate changes with the updates made; without one it stays. */
  readonly schedule?: LearningRateSchedule;
  /** The mu of FedProx: see shared/engine/proximal.ts; without one there is no such term. */
  readonly proximal?: number;
}

type Kind =
  | { readonly kind: 'sgd' }
  | { readonly kind: 'momentum'; readonly momentum: number; readonly nesterov: boolean }
  | {
      readonly kind: 'adam' | 'adamw';
      readonly beta1: number;
      readonly beta2: number;
      readonly epsilon: number;
      /** Decoupled: w -= learningRate * weightDecay * w, not through the gradient. 0 for Adam. */
      readonly weightDecay: number;
    }
  | {
      readonly kind: 'rmsprop';
      readonly decay: number;
      readonly momentum: number;
      readonly epsilon: number;
    };

/** What a JavaScript caller gives all the same goes along, so that it is refused with the task rather than dropped. */
type NoOptions = Record<string, never>;

/** Plain gradient descent. */
export function sgd(learningRate = 0.01, none: NoOptions = {}): OptimizerSpec {
  return { kind: 'sgd', learningRate, ...none };
}

/** Heavy ball, or Nesterov's accelerated gradient (Sutskever et al., 2013). */
export function momentum(learningRate = 0.01, factor = 0.9, nesterov = false, none: NoOptions = {}): OptimizerSpec {
  return { kind: 'momentum', learningRate, momentum: factor, nesterov, ...none };
}

/** What people look for under other names. */
const hints: Readonly<Record<string, string>> = {
  weightDecay: 'adamw has one',
  clipNorm: 'a server limits gradients with --max-gradient',
  clipValue: 'a server limits gradients with --max-gradient',
};

function unknownOf(given: object, known: readonly string[]): string {
  return Object.keys(given).find((field) => !known.includes(field)) ?? '';
}

/** An option that is undefined is left out. */
function given<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}

interface AdamOptions {
  beta1?: number;
  beta2?: number;
  epsilon?: number;
}

/** Kingma and Ba, 2015 (arXiv:1412.6980). */
export function adam(learningRate = 0.001, options: AdamOptions = {}): OptimizerSpec {
  return { kind: 'adam', learningRate, beta1: 0.9, beta2: 0.999, epsilon: 1e-7, weightDecay: 0, ...given(options) };
}

/** Adam with decoupled weight decay: Loshchilov and Hutter, 2019 (arXiv:1711.05101). */
export function adamw(learningRate = 0.001, options: AdamOptions & { weightDecay?: number } = {}): OptimizerSpec {
  return { kind: 'adamw', learningRate, beta1: 0.9, beta2: 0.999, epsilon: 1e-7, weightDecay: 0.01, ...given(options) };
}

/** Tieleman and Hinton, 2012 (lecture 6.5). */
export function rmsprop(
  learningRate = 0.001,
  options: { decay?: number; momentum?: number; epsilon?: number } = {},
): OptimizerSpec {
  return { kind: 'rmsprop', learningRate, decay: 0.9, momentum: 0, epsilon: 1e-7, ...given(options) };
}

/** An optimizer whose learning rate changes: `scheduled(adam(0.01), cosineDecay(2000, { warmup: 50 }))`. */
export function scheduled(spec: OptimizerSpec, schedule: LearningRateSchedule): OptimizerSpec {
  return { ...spec, schedule };
}

/** How many arrays the size of the weight an optimizer keeps for each weight. */
export function slotsOf(spec: OptimizerSpec): number {
  return { sgd: 0, momentum: 1, adam: 2, adamw: 2, rmsprop: 2 }[spec.kind];
}

/** Which of the arrays holds means of squares, which are never negative; undefined where none does. */
export function squaresSlotOf(spec: OptimizerSpec): number | undefined {
  return { sgd: undefined, momentum: undefined, adam: 1, adamw: 1, rmsprop: 0 }[spec.kind];
}

/** Throws BAD_OPTION when a field is missing, not known or out of range: a spec may come from a peer. */
export function checkOptimizer(value: unknown): OptimizerSpec {
  const spec = value as OptimizerSpec;
  const templates = { sgd: sgd(), momentum: momentum(), adam: adam(), adamw: adamw(), rmsprop: rmsprop() };
  const known = typeof value === 'object' && value !== null && Object.hasOwn(templates, String(spec.kind));
  if (!known) {
    const what = typeof value === 'object' && value !== null ? `of kind '${String(spec.kind)}'` : `'${String(value)}'`;
    throw new TandemError(
      'BAD_OPTION',
      `unknown optimizer ${what}`,
      'use sgd(), momentum(), adam(), adamw() or rmsprop() of tandem/shared',
    );
  }
  const template = templates[spec.kind];
  const fields = [...Object.keys(template), 'schedule', 'proximal'];
  // Adam has the field for AdamW's sake, and it is 0.
  const own =
    spec.kind === 'adam' && spec.weightDecay !== 0 ? fields.filter((field) => field !== 'weightDecay') : fields;
  refuseUnknownFields(`optimizer ${spec.kind}`, spec, own, hints[unknownOf(spec, own)]);
  for (const [key, sample] of Object.entries(template)) {
    const given = (spec as unknown as Record<string, unknown>)[key];
    if (typeof given !== typeof sample || (typeof given === 'number' && !(given >= 0 && given < (upTo[key] ?? 1e6)))) {
      throw new TandemError(
        'BAD_OPTION',
        `optimizer ${spec.kind}: ${key} is ${String(given)}`,
        `give ${typeof sample === 'boolean' ? 'true or false' : `a number from 0 up to, but not, ${upTo[key] ?? 1e6}`}`,
      );
    }
  }
  if (spec.schedule !== undefined) checkSchedule(spec.schedule);
  if (spec.proximal !== undefined && !(typeof spec.proximal === 'number' && spec.proximal > 0 && spec.proximal < 1e6)) {
    throw new TandemError(
      'BAD_OPTION',
      `proximal is ${String(spec.proximal)}`,
      'give a number above 0, or leave it out',
    );
  }
  return spec;
}

/** Shares of what was before; with 1 nothing new would count. */
const upTo: Readonly<Record<string, number>> = { beta1: 1, beta2: 1 };

/** What an optimizer remembers: `slots[w]` belongs to the w-th trainable weight; empty until the first update. */
export interface OptimizerState {
  /** Updates made so far. */
  readonly updates: number;
  readonly slots: readonly (readonly Float32Array[])[];
  /** What a proximal term pulls each trainable weight to; missing where it is the weights that come along. */
  readonly anchor?: readonly Float32Array[];
}
