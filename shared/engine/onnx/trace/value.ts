import { sizeOf } from '../../../ndarray.js';
import type { OnnxType } from '../graph/onnx-graph.js';
import { largest } from '../../../extremes.js';

/**
 * A tensor of which a trace knows the shape and where it comes from, not the numbers. Rearrangements are only noted when
 * something reads them in that form, so the pairs that tfjs's NHWC and ONNX's NCHW would cause mostly vanish.
 */
export interface Value {
  readonly dtype: OnnxType;
  readonly shape: readonly number[];
  readonly origin: Origin;
}

type Origin =
  /** An input of the graph or the output of a node, by its name in the graph. */
  | { readonly kind: 'named'; readonly name: string }
  | { readonly kind: 'constant'; readonly data: ConstantData }
  /** Dimension i is dimension `order[i]` of `of`. */
  | { readonly kind: 'transposed'; readonly of: Value; readonly order: readonly number[] }
  | { readonly kind: 'reshaped'; readonly of: Value }
  /** `of` repeated along its dimensions of length 1 and those it lacks on the left. */
  | { readonly kind: 'spread'; readonly of: Value };

export type ConstantData = Float32Array | Int32Array | Uint8Array | BigInt64Array;

/** The one number that a constant repeats, or undefined. */
export function uniformConstant({ origin }: Value): number | undefined {
  if (origin.kind === 'spread' || origin.kind === 'reshaped') return uniformConstant(origin.of);
  return origin.kind === 'constant' && origin.data.length === 1 ? Number(origin.data[0]) : undefined;
}

export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((length, i) => length === b[i]);
}

/** The shape that elementwise operators broadcast to. */
export function broadcastShape(shapes: readonly (readonly number[])[]): number[] {
  const rank = largest(shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, i) => {
    const lengths = shapes.map((shape) => shape[i - rank + shape.length] ?? 1);
    return lengths.find((length) => length !== 1) ?? 1;
  });
}

export function isScalarLike(value: Value): boolean {
  return sizeOf(value.shape) === 1;
}

/** The order that undoes a transposition. */
export function inverseOrder(order: readonly number[]): number[] {
  const inverse: number[] = [];
  order.forEach((from, to) => (inverse[from] = to));
  return inverse;
}
