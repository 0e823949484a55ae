/** What `tandem/server` offers. */
export { serve, type RunningServer, type ServeOptions } from './serve.js';
export type { RunResult } from './run/summarise.js';
export { saveRun, readSavedRun, loadTrainedModel, type SavedRun } from './saved-run.js';
export { exportModel } from './export-model.js';
export { createAggregator } from './aggregation/create-aggregator.js';
export { initialState, type Aggregator, type AggregatorState, type Contribution } from './aggregation/aggregator.js';
export { initialRelay, type RelayEffect, type RelayInput, type RelayOptions } from './alignment/relay-state.js';
export { reduceRelay, waitingFor } from './alignment/relay-reducer.js';
