/** What `tandem/client` offers in a browser. */
export { join, connect, type EntryOptions, type JoinOptions } from './join.js';
export { participate, type JoinStep, type RunOutcome } from '../participate.js';
export { predictOver, type Prediction } from '../predict.js';
export { AligningParty, type AligningOptions } from '../alignment/aligning-party.js';
