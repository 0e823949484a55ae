import { join } from 'node:path';
import { MODEL_FILE, WEIGHTS_FILE, type LayersFiles } from '../shared/model/layers-format.js';
import type { FilePlace } from './file-trouble.js';
import { writeIntoFolder } from './write-into-folder.js';

/** Writes `model.json` and `weights.bin` for `tf.loadLayersModel`; returns where the first one is. Throws CANNOT_WRITE. */
export async function writeLayersFiles(place: FilePlace, { json, weights }: LayersFiles): Promise<string> {
  await writeIntoFolder(place, [
    [WEIGHTS_FILE, weights],
    [MODEL_FILE, json],
  ]);
  return join(place.path, MODEL_FILE);
}
