import type * as tf from '@tensorflow/tfjs';
import { layersFiles } from '../shared/model/layers-files.js';
import { writeLayersFiles } from '../storage/write-layers-files.js';

/** Writes a model in the tfjs layers format: `model.json` and its weights, for `tf.loadLayersModel`. */
export async function exportModel(model: tf.LayersModel, folder: string): Promise<void> {
  await writeLayersFiles({ path: folder, flag: '--out' }, await layersFiles(model));
}
