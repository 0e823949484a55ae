import type { Aggregation } from '../../shared/aggregation.js';
import type { SegmentSpec } from '../../shared/model/segment-spec.js';
import type { NdArray } from '../../shared/ndarray.js';
import { initialState, type AggregatorState, type Aggregator, type Contribution } from './aggregator.js';
import { createAggregator } from './create-aggregator.js';

export interface ReplicasSnapshot {
  readonly current: readonly NdArray[];
  readonly state: AggregatorState;
}

/** What the replicas of one segment were last made into, and what the rule remembers: one for a bottom, one for a top. */
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

  /** Makes one of what the clients of a round have; without any, what was before stays. */
  merge(contributions: readonly Contribution[]): readonly NdArray[] {
    const { weights, state } = this.aggregator(this.current, contributions, this.state);
    this.state = state;
    this.current = weights;
    return weights;
  }

  /** They were made into this elsewhere. */
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
