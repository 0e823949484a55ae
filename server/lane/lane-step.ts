import type { TandemError } from '../../shared/errors.js';
import type { NdArray } from '../../shared/ndarray.js';
import type { StepOf } from './whose-fault.js';

/** A request to a lane, as plain data: a lane knows of no client, link or run. */
export type LaneRequest =
  | {
      readonly kind: 'whole';
      readonly step: number;
      readonly tensors: readonly NdArray[];
      readonly labels: readonly NdArray[];
      /** The first of the lane's segments that the step goes through. */
      readonly entry: number;
      readonly of?: StepOf;
    }
  /** Where a client has the loss: the forward pass, then the backward pass. */
  | {
      readonly kind: 'first-half';
      readonly step: number;
      readonly tensors: readonly NdArray[];
      readonly of?: StepOf;
    }
  | {
      readonly kind: 'second-half';
      readonly step: number;
      readonly tensors: readonly NdArray[];
      readonly loss: number;
      readonly of?: StepOf;
    }
  /** Forget a first half: its second will not come. */
  | { readonly kind: 'undo' };

/** The tensors that a client gets for its step. */
export interface Given {
  readonly tensors: readonly NdArray[];
  /** The largest value in them, where other clients had a part in it; else 0. */
  readonly given: number;
  /** What was done to a lane that others had spoiled, for the log. */
  readonly mended?: string;
}

/** A lane's replies: the gradient first, so that it is on its way while the weights are updated, then `done`. */
export type LaneReply =
  | ({ readonly kind: 'output' } & Given)
  | ({ readonly kind: 'gradient'; readonly loss: number } & Given)
  /** The norm is that of the gradient of the lane's weights. */
  | { readonly kind: 'done'; readonly loss: number; readonly gradientNorm: number }
  /** The step is refused; the lane is as it was before. */
  | { readonly kind: 'refused'; readonly error: TandemError };
