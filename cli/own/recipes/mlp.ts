import type { Needs, RecipeText } from './recipe.js';

/**
 * Rows of numbers and words: words are one-hot, so the first layer is their embedding. First weights are as small as PyTorch draws them (LeCun 1998, a third
 * of the variance): the larger ones of Glorot give rare words and far values more to say, which costs 0.01 of R2 on UCI Adult's hours a week.
 */
export function mlp({ size, inputShape, outputs }: Needs): RecipeText {
  const units = size === 'small' ? 64 : 256;
  const rate = size === 'small' ? 0 : 0.1;
  const hidden = (n: number, more = '') =>
    `dense({ name: 'hidden${n}', units: ${units}, activation: 'relu', kernelInitializer${more} }),`;
  return {
    name: `mlp-${size}`,
    says: `2 x ${units}, words as embeddings`,
    layers: ['dense', ...(rate > 0 ? ['dropout'] : [])],
    body: [
      "const kernelInitializer = tf.initializers.varianceScaling({ scale: 1 / 3, mode: 'fanIn', distribution: 'uniform' });",
      'return tf.sequential({',
      "  name: 'mlp',",
      '  layers: [',
      `    ${hidden(1, `, inputShape: ${inputShape}`)}`,
      `    ${hidden(2)}`,
      ...(rate > 0 ? [`    dropout({ name: 'drop', rate: ${rate} }),`] : []),
      `    dense({ name: 'answer', units: ${outputs}, kernelInitializer }),`,
      '  ],',
      '});',
    ],
    cut: 'hidden1',
    twoCuts: 'hidden1,hidden2',
  };
}
