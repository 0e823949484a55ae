import * as tf from '#tfjs';
import type { Tracer } from '../trace/tracer.js';
import type { Value } from '../trace/value.js';

export type Four = [number, number, number, number];
export type Padding = 'valid' | 'same' | number | tf.backend_util.ExplicitPadding;

/** How a window moves over an image. */
export interface Geometry {
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  /** Top, bottom, left, right. */
  readonly pad: Four;
  readonly output: readonly [number, number];
}

export interface WindowAttributes {
  readonly strides: number | [number, number];
  readonly pad: Padding;
  readonly dilations?: number | [number, number] | null;
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

/** Resolves tfjs's ways of stating a convolution of an NHWC image with an HWIO filter. */
export function convolutionGeometry(image: Four, filter: Four, attrs: WindowAttributes, depthwise = false): Geometry {
  const { strides, dilations, pad, dimRoundingMode } = attrs;
  const info = tf.backend_util.computeConv2DInfo(
    image,
    filter,
    strides,
    dilations ?? 1,
    pad,
    dimRoundingMode,
    depthwise,
  );
  return geometryOf(info);
}

export function poolGeometry(image: Four, filterSize: number | [number, number], attrs: WindowAttributes): Geometry {
  const { strides, pad, dimRoundingMode } = attrs;
  return geometryOf(tf.backend_util.computePool2DInfo(image, filterSize, strides, 1, pad, dimRoundingMode));
}

function geometryOf(info: tf.backend_util.Conv2DInfo): Geometry {
  const { top, bottom, left, right } = info.padInfo;
  return {
    kernel: [info.filterHeight, info.filterWidth],
    strides: [info.strideHeight, info.strideWidth],
    dilations: [info.dilationHeight, info.dilationWidth],
    pad: [top, bottom, left, right],
    output: [info.outHeight, info.outWidth],
  };
}

/** The geometry as ONNX's attributes. */
export function windowAttributes({ kernel, strides, dilations, pad: [top, bottom, left, right] }: Geometry) {
  return {
    kernel_shape: [...kernel],
    strides: [...strides],
    dilations: [...dilations],
    pads: [top, left, bottom, right],
  };
}

export function toNchw(trace: Tracer, image: Value): Value {
  return trace.transpose(image, [0, 3, 1, 2]);
}

export function toNhwc(trace: Tracer, image: Value): Value {
  return trace.transpose(image, [0, 2, 3, 1]);
}

export function four(shape: readonly number[]): Four {
  return [...shape] as Four;
}
