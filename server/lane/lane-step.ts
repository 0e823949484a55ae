import type { TandemError } from '../../shared/errors.js';
import type { NdArray } from '../../shared/ndarray.js';

/** What a lane is asked for, as a value: it knows of no client, link or run. */
export type LaneRequest =
  | {
      readonly kind: 'whole';
      readonly step: number;
      readonly tensors: readonly NdArray[];
      readonly labels: readonly NdArray[];
      /** The first of the lane's segments that the step goes through. */
      readonly entry: number;
    }
  /** Where the loss is elsewhere: the way up, and the way down. */
  | { readonly kind: 'first-half'; readonly step: number; readonly tensors: readonly NdArray[] }
  | {
      readonly kind: 'second-half';
      readonly step: number;
      readonly tensors: readonly NdArray[];
      readonly loss: number;
    }
  /** No second half will come. */
  | { readonly kind: 'undo' };

/** What a lane answers. A step has two parts, so that its gradient is on its way while the weights move. */
export type LaneReply =
  | { readonly kind: 'output'; readonly tensors: readonly NdArray[] }
  | { readonly kind: 'gradient'; readonly loss: number; readonly tensors: readonly NdArray[] }
  /** The norm is that of the gradient of the lane's weights. */
  | { readonly kind: 'done'; readonly loss: number; readonly gradientNorm: number }
  /** The lane is as it was before the step. */
  | { readonly kind: 'refused'; readonly error: TandemError };
