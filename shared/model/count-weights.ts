import { sizeOf } from '../ndarray.js';
import type { SegmentSpec } from './segment-spec.js';

/** Numbers that segments have as weights, frozen ones included. */
export function countWeights(segments: readonly { readonly spec: SegmentSpec }[]): number {
  const shapes = segments.flatMap(({ spec }) => [...spec.weights, ...(spec.constants ?? []).map(({ value }) => value)]);
  return shapes.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
}
