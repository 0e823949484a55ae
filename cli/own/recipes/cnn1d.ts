import type { Needs, RecipeText } from './recipe.js';

/** Sounds and other series, [time, channels]: three convolutions along time. */
export function cnn1d({ size, inputShape, shape, outputs }: Needs): RecipeText {
  const [first, second, third] = size === 'small' ? [48, 64, 96] : [96, 128, 192];
  const isLong = (shape[0] ?? 0) >= 16;
  const pool = (n: number) => (isLong ? [`maxPooling1d({ name: 'pool${n}', poolSize: 2, padding: 'same' }),`] : []);
  const stage = (n: number, filters: number, kernel: number, more = '') => [
    `conv1d({ name: 'conv${n}', filters: ${filters}, kernelSize: ${kernel}, padding: 'same', kernelInitializer: 'heNormal'${more} }),`,
    `layerNormalization({ name: 'norm${n}' }),`,
    `activation({ name: 'relu${n}', activation: 'relu' }),`,
    ...(n < 3 ? pool(n) : []),
  ];
  const layers = [
    ...stage(1, first, 5, `, inputShape: ${inputShape}`),
    ...stage(2, second, 3),
    ...stage(3, third, 3),
    "globalAveragePooling1d({ name: 'average' }),",
    "dropout({ name: 'drop', rate: 0.1 }),",
    `dense({ name: 'answer', units: ${outputs} }),`,
  ];
  return {
    name: `cnn1d-${size}`,
    says: `3 convolutions along time of ${first}, ${second} and ${third} filters`,
    layers: [
      ...['activation', 'conv1d', 'dense', 'dropout', 'globalAveragePooling1d', 'layerNormalization'],
      ...(isLong ? ['maxPooling1d'] : []),
    ],
    body: [
      'return tf.sequential({',
      "  name: 'cnn1d',",
      '  layers: [',
      ...layers.map((line) => `    ${line}`),
      '  ],',
      '});',
    ],
    cut: isLong ? 'pool1' : 'relu1',
    twoCuts: `${isLong ? 'pool1' : 'relu1'},average`,
  };
}
