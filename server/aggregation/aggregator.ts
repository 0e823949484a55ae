import type { NdArray } from '../../shared/ndarray.js';

/** A client's replica of a segment at the end of a round. */
export interface Contribution {
  readonly client: number;
  /** The samples it was trained on. */
  readonly samples: number;
  readonly weights: readonly NdArray[];
}

/** A rule's state between rounds, such as its momentum: one array for each slot, over all trainable weights; plain data. */
export interface AggregatorState {
  readonly slots: readonly Float64Array[];
}

/** The state of an aggregator before its first round. */
export const initialState: AggregatorState = { slots: [] };

/**
 * Aggregates the replicas of a segment. A pure function: its state goes in and comes out. `current` is what the
 * clients started from. Throws BAD_SHAPE when weights differ in size, BAD_VALUE when a weight is no longer finite.
 */
export type Aggregator = (
  current: readonly NdArray[],
  contributions: readonly Contribution[],
  state: AggregatorState,
) => { readonly weights: NdArray[]; readonly state: AggregatorState };
