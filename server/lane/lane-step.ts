import type { TandemError } from '../../shared/errors.js';
import type { NdArray } from '../../shared/ndarray.js';
import type { StepOf } from './whose-fault.js';

/** What a lane is asked for, as a value: it knows of no client, link or run. */
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
  /** Where the loss is elsewhere: the way up, and the way down. */
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
  /** No second half will come. */
  | { readonly kind: 'undo' };

/** What a client is given for its step. */
export interface Given {
  readonly tensors: readonly NdArray[];
  /** The largest value in it, where others had a part in it. */
  readonly given: number;
  /** What had to be done to the lane, which others had spoiled, before it could be given anything. */
  readonly mended?: string;
}

/** What a lane answers. A step has two parts, so that its gradient is on its way while the weights move. */
export type LaneReply =
  | ({ readonly kind: 'output' } & Given)
  | ({ readonly kind: 'gradient'; readonly loss: number } & Given)
  /** The norm is that of the gradient of the lane's weights. */
  | { readonly kind: 'done'; readonly loss: number; readonly gradientNorm: number }
  /** The lane is as it was before the step. */
  | { readonly kind: 'refused'; readonly error: TandemError };
