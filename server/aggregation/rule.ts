import type { AggregatorState } from './aggregator.js';
import type { GatheredPlace } from './gathered.js';

/** The float weights of a segment, one after the other, in float64. */
export interface Vectors {
  /** What gradients move. */
  readonly trained: Float64Array;
  /** What forward passes move: the moving averages of batch normalisation. */
  readonly moving: Float64Array;
}

export interface Replica extends Vectors {
  readonly client: number;
  readonly samples: number;
  /** Where batch normalisations have their averages in `moving`. */
  readonly gathered: readonly GatheredPlace[];
}

/** The heart of an aggregator: `replicas` are in the order of client numbers, at least one, all of one size. */
export type Rule = (current: Vectors, replicas: readonly Replica[], state: AggregatorState) => RuleResult;

export interface RuleResult extends Vectors {
  readonly state: AggregatorState;
}
