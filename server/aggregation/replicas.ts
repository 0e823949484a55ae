import type { Aggregation } from '../../shared/aggregation.js';
import type { SegmentSpec } from '../../shared/model/segment-spec.js';
import type { NdArray } from '../../shared/ndarray.js';
import { initialState, type AggregatorState, type Aggregator, type Contribution } from './aggregator.js';
import { createAggregator } from './create-aggregator.js';

export interface ReplicasSnapshot {
  readonly current: readonly NdArray[];
  readonly state: AggregatorState;
}

/** The aggregation of one segment: the weights after the last merge, and the rule's state. */
export class Replicas {
  private readonly aggregator: Aggregator;
  private state: AggregatorState = initialState;

  constructor(
    aggregation: Aggregation,
    spec: SegmentSpec,
    private current: readonly NdArray[],
  ) {
    this.aggregator = createAggregator(aggregation, spec.weights);
  }

  get weights(): readonly NdArray[] {
    return this.current;
  }

  /** Aggregates the replicas of a round; without any, the weights stay. */
  merge(contributions: readonly Contribution[]): readonly NdArray[] {
    const { weights, state } = this.aggregator(this.current, contributions, this.state);
    this.state = state;
    this.current = weights;
    return weights;
  }

  /** Takes weights that were merged elsewhere. */
  settle(weights: readonly NdArray[]): void {
    this.current = weights;
  }

  snapshot(): ReplicasSnapshot {
    return { current: this.current, state: this.state };
  }

  restore({ current, state }: ReplicasSnapshot): void {
    this.current = current;
    this.state = state;
  }
}
