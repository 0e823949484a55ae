import type { Needs, RecipeText } from './recipe.js';

/** Rows of numbers and words: words are one-hot, so the first layer is their embedding. */
export function mlp({ size, inputShape, outputs }: Needs): RecipeText {
  const units = size === 'small' ? 64 : 256;
  const rate = size === 'small' ? 0 : 0.1;
  const hidden = (n: number, more = '') => `dense({ name: 'hidden${n}', units: ${units}, activation: 'relu'${more} }),`;
  return {
    name: `mlp-${size}`,
    says: `2 x ${units}, words as embeddings`,
    layers: ['dense', ...(rate > 0 ? ['dropout'] : [])],
    body: [
      'return tf.sequential({',
      "  name: 'mlp',",
      '  layers: [',
      `    ${hidden(1, `, inputShape: ${inputShape}`)}`,
      `    ${hidden(2)}`,
      ...(rate > 0 ? [`    dropout({ name: 'drop', rate: ${rate} }),`] : []),
      `    dense({ name: 'answer', units: ${outputs} }),`,
      '  ],',
      '});',
    ],
    cut: 'hidden1',
    twoCuts: 'hidden1,hidden2',
  };
}
