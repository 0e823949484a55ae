import type { AggregatorState } from './aggregator.js';
import type { MovingAverages } from './bias-correction.js';

/** The float weights of a segment, one after the other, in float64. */
export interface Vectors {
  /** Weights that gradients change. */
  readonly trained: Float64Array;
  /** Weights that forward passes change: the moving averages of batch normalisation. */
  readonly moving: Float64Array;
}

export interface Replica extends Vectors {
  readonly client: number;
  readonly samples: number;
  /** Where in `moving` the moving averages are. */
  readonly averages: readonly MovingAverages[];
}

/** An aggregation rule: `replicas` are in the order of client numbers, at least one, all of one size. */
export type Rule = (current: Vectors, replicas: readonly Replica[], state: AggregatorState) => RuleResult;

export interface RuleResult extends Vectors {
  readonly state: AggregatorState;
}
