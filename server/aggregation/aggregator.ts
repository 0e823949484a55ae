import type { NdArray } from '../../shared/ndarray.js';

/** What a client's replica of a segment has become in a round. */
export interface Contribution {
  readonly client: number;
  /** The samples it was trained on. */
  readonly samples: number;
  readonly weights: readonly NdArray[];
}

/** What a rule remembers between rounds: one array for each of its slots, over all trainable weights; plain data. */
export interface AggregatorState {
  readonly slots: readonly Float64Array[];
}

/** What an aggregator remembers before its first round: nothing. */
export const initialState: AggregatorState = { slots: [] };

/**
 * Makes one of the replicas of a segment. A pure function: what it remembers goes in and comes out. `current` is what the
 * clients started from. Throws BAD_SHAPE when weights differ in size, BAD_VALUE when a weight is no longer finite.
 */
export type Aggregator = (
  current: readonly NdArray[],
  contributions: readonly Contribution[],
  state: AggregatorState,
) => { readonly weights: NdArray[]; readonly state: AggregatorState };
