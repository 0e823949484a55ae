/** What `tandem/client` offers in Node. */
export { join, type JoinOptions } from './join.js';
export { connect, Entrance, type EntryOptions } from './connect.js';
export { download, type DownloadOptions } from './download.js';
export { writeLayersFiles } from '../../storage/write-layers-files.js';
export type { LayersFiles } from '../../shared/model/layers-format.js';
export { predict, type PredictOptions } from './predict.js';
export { loadCsv, readRows } from './data/csv.js';
export { loadImageFolder, type ImageFolderOptions } from './data/image-folder.js';
export { loadTable, type TableOptions } from './data/table.js';
export { loadIdx } from './data/idx.js';
export { parseIdx } from '../../shared/data/idx.js';
export { loadMnist } from './data/mnist.js';
export type { Joined } from '../joined.js';
export { participate } from '../participate.js';
export type { JoinStep, RunOutcome } from '../participate-options.js';
export { predictOver, type Prediction, type RunLabels } from '../predict.js';
export type { Predictions } from '../predictions.js';
export { AligningParty, type AligningOptions } from '../alignment/aligning-party.js';
