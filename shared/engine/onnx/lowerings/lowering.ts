import * as tf from '#tfjs';
import type { Tracer } from '../trace/tracer.js';
import type { Value } from '../trace/value.js';

/**
 * Notes what a tfjs kernel computes as ONNX nodes. A lowering states the inputs and attributes of its kernel as types;
 * the table holds them under the kernel's name, and tfjs calls them by it.
 */
export type Lowering = (trace: Tracer, inputs: never, attributes: never) => Value | Value[];

export type Lowerings = Readonly<Record<string, Lowering>>;

/** Why a segment cannot be compiled; the engine then runs it on tfjs. */
export class UntraceableError extends Error {
  override readonly name = 'UntraceableError';
}

/** Axes as tfjs states them (one, several, none for all, negative from the end), as a list. */
export function axesOf(axis: number | readonly number[] | null | undefined, shape: readonly number[]): number[] {
  return tf.util.parseAxisParam((axis ?? null) as number[], [...shape]);
}

/** The axis counted from the front. */
export function positiveAxis(axis: number, shape: readonly number[]): number {
  return axis < 0 ? axis + shape.length : axis;
}
