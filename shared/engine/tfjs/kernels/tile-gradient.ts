import * as tf from '#tfjs';

let registered = false;

/**
 * Gives `tf.tile` a gradient of one sum, on every backend. tfjs's own adds up one slice for each repetition, which made
 * layer normalisation over 64 features cost more than the rest of a transformer block. Calls after the first do nothing.
 */
export function registerTileGradient(): void {
  if (registered) return;
  registered = true;
  tf.registerGradient({
    kernelName: 'Tile',
    inputsToSave: ['x'],
    gradFunc: (dy, saved, attrs) => {
      const { reps } = attrs as unknown as { reps: number[] };
      return { x: () => tileGradient(dy as tf.Tensor, saved[0]?.shape ?? [], reps) };
    },
  });
}

/** Sums the repetitions: each dimension of dy is `reps[i]` copies of one of x. */
export function tileGradient(dy: tf.Tensor, shape: readonly number[], reps: readonly number[]): tf.Tensor {
  const repeated = reps.flatMap((count, axis) => (count > 1 ? [axis] : []));
  if (repeated.length === 0) return dy.clone();
  if (repeated.every((axis) => shape[axis] === 1)) return dy.sum(repeated, true);
  const split = shape.flatMap((length, axis) => [reps[axis] ?? 1, length]);
  const copies = reps.map((_, axis) => 2 * axis);
  return dy
    .reshape(split)
    .sum(copies)
    .reshape([...shape]);
}
