/** What `tandem/server` offers. */
export { serve, type RunningServer, type ServeOptions } from './serve.js';
export type { RunResult } from './run/run-host.js';
export { saveRun, readSavedRun, loadTrainedModel, type SavedRun } from './saved-run.js';
export { exportModel } from './export-model.js';
export { averageWeights, type Contribution } from './aggregate.js';
