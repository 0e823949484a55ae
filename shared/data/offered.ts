import type { SampleCounts } from '../part-estimate.js';

/** What a server says of the data it offers everybody. */
export interface OfferedFacts {
  /** Training samples of each place of the run. */
  readonly samples: readonly number[];
  /** Of one place. */
  readonly testSamples: number;
}

/** What a place of the run gets of them, on average. */
export interface OfferedShare extends SampleCounts {
  readonly bytes: number;
}
