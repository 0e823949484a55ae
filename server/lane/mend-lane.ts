import type { Segment } from '../../shared/engine/engine.js';
import { ndarray, type NdArray } from '../../shared/ndarray.js';

/** Gives segments the weights that they began from. What their optimizers remember came of what is undone, and is forgotten. */
export async function goBack(segments: readonly Segment[], weights: readonly (readonly NdArray[])[]): Promise<void> {
  for (const [i, segment] of segments.entries()) {
    const state = await segment.state();
    await segment.restore({ ...state, weights: weights[i] ?? [], optimizer: { ...state.optimizer, slots: [] } });
  }
}

/** What a step gives back of which nothing is learned. */
export function noGradients(smashed: readonly NdArray[]): readonly NdArray[] {
  return smashed.map(({ shape, data }) => ndarray('float32', shape, new Float32Array(data.length)));
}

/** Zeros, ones, and waves of both signs, in the shape of what came; what is no float may be looked up by it, and stays. */
export function probeLike(tensors: readonly NdArray[]): readonly NdArray[] {
  return tensors.map(({ dtype, shape, data }) => {
    if (dtype !== 'float32') return { dtype, shape, data };
    const size = data.length / (shape[0] || 1);
    const value = (i: number) => [1, Math.sin(i), -Math.sin(i), 0][Math.floor(i / size) % 4] ?? 0;
    return ndarray(
      'float32',
      shape,
      Float32Array.from(data, (_, i) => value(i)),
    );
  });
}
