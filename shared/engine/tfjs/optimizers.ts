import * as tf from '#tfjs';
import { float32Power } from '../float32-power.js';
import { learningRateAfter } from '../learning-rate.js';
import type { OptimizerSpec } from '../optimizer.js';

/**
 * One update of one weight: new weight and new slots from old ones. The order of operations is that of tfjs's own
 * optimizers, so a segment updates bit for bit as `tf.train.*` would; AdamW has no tfjs counterpart.
 */
export type UpdateRule = (
  weight: tf.Tensor,
  gradient: tf.Tensor,
  slots: readonly tf.Tensor[],
  updates: number,
) => Updated;

interface Updated {
  readonly weight: tf.Tensor;
  readonly slots: readonly tf.Tensor[];
}

/** The rule for a spec. `updates` counts the updates made before this one. */
export function updateRule(spec: OptimizerSpec): UpdateRule {
  const rate = (updates: number) => learningRateAfter(updates, spec);
  switch (spec.kind) {
    case 'sgd':
      return (weight, gradient, _slots, updates) => ({
        weight: scaledAdd(weight, gradient, -rate(updates)),
        slots: [],
      });
    case 'momentum':
      return (weight, gradient, [velocity], updates) => {
        const next = velocity ? tf.add(tf.mul(spec.momentum, velocity), gradient) : gradient.clone();
        const direction = spec.nesterov ? tf.add(gradient, tf.mul(next, spec.momentum)) : next;
        return { weight: scaledAdd(weight, direction, -rate(updates)), slots: [next] };
      };
    case 'adam':
    case 'adamw':
      return adamRule(spec);
    case 'rmsprop':
      return (weight, gradient, [meanSquare = tf.zerosLike(weight), velocity = tf.zerosLike(weight)], updates) => {
        const square = tf.add(tf.mul(meanSquare, spec.decay), tf.mul(tf.square(gradient), 1 - spec.decay));
        const step = tf.div(tf.mul(gradient, rate(updates)), tf.sqrt(tf.add(square, spec.epsilon)));
        const next = tf.add(tf.mul(velocity, spec.momentum), step);
        return { weight: tf.sub(weight, next), slots: [square, next] };
      };
  }
}

function adamRule(spec: OptimizerSpec & { kind: 'adam' | 'adamw' }): UpdateRule {
  const { beta1, beta2, epsilon, weightDecay } = spec;
  const power1 = float32Power(beta1);
  const power2 = float32Power(beta2);
  return (weight, gradient, [first = tf.zerosLike(weight), second = tf.zerosLike(weight)], updates) => {
    const learningRate = learningRateAfter(updates, spec);
    const m = tf.add(tf.mul(first, beta1), tf.mul(gradient, 1 - beta1));
    const v = tf.add(tf.mul(second, beta2), tf.mul(tf.square(gradient), 1 - beta2));
    const mHat = tf.div(m, Math.fround(1 - power1(updates + 1)));
    const vHat = tf.div(v, Math.fround(1 - power2(updates + 1)));
    const decayed = weightDecay === 0 ? weight : scaledAdd(weight, weight, -learningRate * weightDecay);
    const moved = tf.add(tf.mul(tf.div(mHat, tf.add(tf.sqrt(vHat), epsilon)), -learningRate), decayed);
    return { weight: moved, slots: [m, v] };
  };
}

function scaledAdd(weight: tf.Tensor, direction: tf.Tensor, factor: number): tf.Tensor {
  return tf.add(tf.mul(factor, direction), weight);
}
