import type { DType, NdArray, TensorSpec } from '../ndarray.js';

/** One weight of a segment, named by the layer it belongs to: tfjs variable names change from build to build. */
export interface WeightSpec {
  readonly layer: string;
  /** Its place among the layer's weights, in the order of shared/model/layer-tree.ts. */
  readonly index: number;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly trainable: boolean;
  /** Of a start share, from 1 to 0: the places of the moving averages that it belongs to; see shared/model/start-shares.ts. */
  readonly startShare?: { readonly mean: number; readonly variance: number };
}

/** A weight that neither gradients nor forward passes change: its value is sent once, with the definition of its segment. */
export interface ConstantWeight extends Pick<WeightSpec, 'layer' | 'index'> {
  readonly value: NdArray;
}

/** The definition of a segment, without the values of its weights. Plain data: it travels in a `model` message. */
export interface SegmentSpec {
  /** 0 is the bottom model, `of - 1` the top model. */
  readonly index: number;
  readonly of: number;
  /** The segment as a tfjs layers model, as JSON text (`LayersModel.toJSON`). */
  readonly topology: string;
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  /** In the order in which weights are sent, averaged and hashed: layer by layer, in an order that does not depend on what is frozen. */
  readonly weights: readonly WeightSpec[];
  /** What is frozen, where anything is. */
  readonly constants?: readonly ConstantWeight[];
  /** How often its layers are used below it, by name, where they are: each use of a layer draws numbers of its own. */
  readonly usesBelow?: Readonly<Record<string, number>>;
}
