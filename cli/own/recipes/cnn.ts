import type { Needs, RecipeText } from './recipe.js';

/**
 * Pictures: two residual blocks. Each place is normalised over its channels, which depends on no other sample of the batch, so that
 * small batches of unlike clients do no harm.
 */
export function cnn({ size, inputShape, shape, outputs }: Needs): RecipeText {
  const [first, second, third] = size === 'small' ? [16, 32, 64] : [32, 64, 128];
  // What is larger loses half its size once more before the cut.
  const strides = Math.min(shape[0] ?? 0, shape[1] ?? 0) > 48 ? 2 : 1;
  return {
    name: `cnn-${size}`,
    says: `2 residual blocks of ${second} and ${third} filters`,
    layers: [
      ...['activation', 'add', 'conv2d', 'dense', 'dropout', 'globalAveragePooling2d', 'layerNormalization'],
      'maxPooling2d',
    ],
    body: [
      "const same = /** @type {const} */ ({ padding: 'same', kernelInitializer: 'heNormal' });",
      'const block = (x, name, filters) => {',
      '  const conv = (n, strides, from) =>',
      '    conv2d({ ...same, name: `${name}_conv${n}`, filters, kernelSize: 3, strides }).apply(from);',
      '  const norm = (n, from) => layerNormalization({ name: `${name}_norm${n}` }).apply(from);',
      "  const relu = (n, from) => activation({ name: `${name}_relu${n}`, activation: 'relu' }).apply(from);",
      '  const inner = norm(2, conv(2, 1, relu(1, norm(1, conv(1, 2, x)))));',
      '  const short = conv2d({ ...same, name: `${name}_short`, filters, kernelSize: 1, strides: 2 }).apply(x);',
      '  return relu(2, add({ name: `${name}_add` }).apply([inner, short]));',
      '};',
      `const input = tf.input({ shape: ${inputShape}, name: 'image' });`,
      `const stem = conv2d({ ...same, name: 'stem', filters: ${first}, kernelSize: 3, strides: ${strides} }).apply(input);`,
      "const lively = activation({ name: 'stem_relu', activation: 'relu' }).apply(layerNormalization({ name: 'stem_norm' }).apply(stem));",
      "const pooled = maxPooling2d({ name: 'pool1', poolSize: 2, padding: 'same' }).apply(lively);",
      `const deep = block(block(pooled, 'block1', ${second}), 'block2', ${third});`,
      "const flat = globalAveragePooling2d({ name: 'average' }).apply(deep);",
      "const kept = dropout({ name: 'drop', rate: 0.1 }).apply(flat);",
      `const output = dense({ name: 'answer', units: ${outputs} }).apply(kept);`,
      "return tf.model({ name: 'cnn', inputs: input, outputs: output });",
    ],
    cut: 'pool1',
    twoCuts: 'pool1,average',
  };
}
