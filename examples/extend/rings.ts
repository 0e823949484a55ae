import { arrayDataset, defineTask, float32, int32, momentum, tf } from 'tandem/shared';

/** A task that trains in a moment, for the examples of this folder: is a point of the plane nearer than 1 to the middle? */
export const task = defineTask({
  name: 'rings',
  cut: 'bottom',
  loss: 'softmaxCrossEntropy',
  optimizer: momentum(0.2, 0.9),
  labels: [{ name: 'ring', dtype: 'int32', shape: [], min: 0, max: 1 }],
  metrics: ['accuracy'],
  batch: 16,
  model: () =>
    tf.sequential({
      layers: [
        tf.layers.dense({ name: 'bottom', units: 16, activation: 'tanh', inputShape: [2] }),
        tf.layers.dense({ name: 'top', units: 2 }),
      ],
    }),
});

/** Points on a spiral that passes the ring again and again. */
export function points(size: number) {
  const at = Array.from({ length: size }, (_, i) => ({ angle: 2.4 * i, radius: (2 * ((7 * i) % size)) / size }));
  const inputs = at.flatMap(({ angle, radius }) => [radius * Math.cos(angle), radius * Math.sin(angle)]);
  const labels = at.map(({ radius }) => (radius < 1 ? 0 : 1));
  return arrayDataset([float32([size, 2], inputs)], [int32([size], labels)]);
}
