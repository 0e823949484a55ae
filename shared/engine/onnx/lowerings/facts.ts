import type { Value } from '../trace/value.js';

/**
 * What lowerings know of values beyond their shape. A later kernel that meets such a value can note something cheaper
 * than what tfjs asks for; forgetting a fact costs time, never correctness.
 */
export interface Unpooled {
  /** What was pooled, and the result. */
  readonly input: Value;
  readonly pooled: Value;
  /** The gradient of the pooled values, before it was spread to where the maxima came from. */
  readonly gradient: Value;
  readonly unpool: (gradient: Value) => Value;
}

export const facts = {
  /** The result of Relu on this value: positive in the same places, and what is kept anyway. */
  reluOf: new WeakMap<Value, Value>(),
  /** Is the step function of this value: 1 where it is positive, else 0. */
  stepOf: new WeakMap<Value, Value>(),
  /** A product to which a bias, one number for each last index, can be added in the same node. */
  withBias: new WeakMap<Value, (bias: Value) => Value>(),
  /** Is the gradient of a max pooling. */
  unpooled: new WeakMap<Value, Unpooled>(),
};
