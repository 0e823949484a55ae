/** What `tandem/server` offers. */
export { serve, type RunningServer, type ServeOptions } from './serve.js';
export type { BegunRound, EndedRound, Newcomer, RunHooks, Stop, TakenStep } from './hooks/run-hooks.js';
export type { RunResult } from './run/summarise.js';
export { saveRun, readSavedRun, type SavedRun } from './saved-run.js';
export { loadTrainedModel } from './saved-model.js';
export { exportModel, type ExportedModel } from './export-model.js';
export type { ExportFormat } from './export-formats.js';
export { fromFolder } from './from-folder.js';
export { createAggregator } from './aggregation/create-aggregator.js';
export { initialState, type Aggregator, type AggregatorState, type Contribution } from './aggregation/aggregator.js';
export {
  initialMatching,
  type MatchingEffect,
  type MatchingInput,
  type MatchingOptions,
} from './alignment/matching-state.js';
export { reduceMatching, waitingFor } from './alignment/matching-reducer.js';
