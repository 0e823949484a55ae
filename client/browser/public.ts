/** What `tandem/client` offers in a browser. */
export { TabClient, type WorkerLike } from './tab-client.js';
export type { EngineFacts, EngineOptions, OwnPreview, Progress, RunAddress } from './worker/calls.js';
export type { OwnSample, Wave } from './data/own-sample.js';
export type { ClassifiedFile, DataSource, LoadedFacts } from './data/data-source.js';
export { join, connect, type JoinOptions } from './join.js';
export { Entrance, type EntryOptions } from './entrance.js';
export type { Joined } from '../joined.js';
export { participate } from '../participate.js';
export type { JoinStep, RunOutcome } from '../participate-options.js';
export type { LayersFiles } from '../../shared/model/layers-format.js';
export { predictOver, type Prediction, type RunLabels } from '../predict.js';
export { Previewer, type Preview, type RunFacts } from '../preview.js';
export type { Predictions } from '../predictions.js';
export { AligningParty, type AligningOptions } from '../alignment/aligning-party.js';
