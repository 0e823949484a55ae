import type { Segment } from '../../shared/engine/engine.js';
import { ndarray, type NdArray } from '../../shared/ndarray.js';

/** Resets segments to these weights, and their optimizers to a fresh state, since theirs comes of the steps that are undone. */
export async function rollBack(segments: readonly Segment[], weights: readonly (readonly NdArray[])[]): Promise<void> {
  for (const [i, segment] of segments.entries()) {
    const state = await segment.state();
    await segment.restore({ ...state, weights: weights[i] ?? [], optimizer: { ...state.optimizer, slots: [] } });
  }
}

/** Zero cut gradients, for a step that nothing is learned from. */
export function noGradients(smashed: readonly NdArray[]): readonly NdArray[] {
  return smashed.map(({ shape, data }) => ndarray('float32', shape, new Float32Array(data.length)));
}

/** Tensors to test a segment with, in the shape of these: zeros, ones and waves of both signs. Integers may be indices, and stay. */
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
