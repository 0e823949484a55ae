import * as tf from '@tensorflow/tfjs';

/** What answers yes or no does not change with a small change of its inputs. */
const STEPS = ['Equal', 'NotEqual', 'Greater', 'GreaterEqual', 'Less', 'LessEqual', 'LogicalAnd', 'LogicalOr'];

/** Adds the gradients of comparisons that tfjs lacks: zeros. */
export function registerZeroGradients(): void {
  for (const kernelName of STEPS) {
    if (tf.getGradient(kernelName)) continue;
    tf.registerGradient({
      kernelName,
      inputsToSave: ['a', 'b'],
      gradFunc: (_, [a, b]) => ({ a: () => tf.zerosLike(a as tf.Tensor), b: () => tf.zerosLike(b as tf.Tensor) }),
    });
  }
}
