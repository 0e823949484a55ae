import * as tf from '@tensorflow/tfjs';

let registered = false;

/** Gives `tf.einsum` a gradient, which tfjs lacks, on every backend. Calls after the first do nothing. */
export function registerEinsumGradient(): void {
  if (registered) return;
  registered = true;
  tf.registerGradient({
    kernelName: 'Einsum',
    saveAllInputs: true,
    gradFunc: (dy, saved, attrs) => {
      const { equation } = attrs as unknown as { equation: string };
      const entries = saved.map((_, i) => [String(i), () => operandGradient(equation, saved, dy as tf.Tensor, i)]);
      return Object.fromEntries(entries) as Record<string, () => tf.Tensor>;
    },
  });
}

/** The result's gradient times the other operands, summed to the axes of operand `i`. */
function operandGradient(equation: string, operands: readonly tf.Tensor[], dy: tf.Tensor, i: number): tf.Tensor {
  const [terms = '', result = ''] = equation.replace(/\s/g, '').split('->');
  const names = terms.split(',');
  const own = names[i] ?? '';
  const others = names.filter((_, j) => j !== i);
  const known = [result, ...others].join('');
  const reached = [...own].filter((axis) => known.includes(axis)).join('');
  const factors = [dy, ...operands.filter((_, j) => j !== i)];
  const gradient = tf.einsum(`${[result, ...others].join(',')}->${reached}`, ...factors);
  if (reached === own) return gradient;
  // An axis that only this operand has was summed: each of its elements gets the same.
  const shape = operands[i]?.shape ?? [];
  const kept = shape.map((length, axis) => (known.includes(own[axis] ?? '') ? length : 1));
  return gradient.reshape(kept).mul(tf.ones(shape));
}
