import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MODEL_FILE, WEIGHTS_FILE, type LayersFiles } from '../shared/model/layers-format.js';
import { withFile, type FilePlace } from './file-trouble.js';
import { makeFolder } from './make-folder.js';

/** Writes `model.json` and `weights.bin` for `tf.loadLayersModel`; answers where the first one is. Throws CANNOT_WRITE. */
export function writeLayersFiles(place: FilePlace, { json, weights }: LayersFiles): Promise<string> {
  return withFile('write', place, async () => {
    await makeFolder(place.path);
    await writeFile(join(place.path, WEIGHTS_FILE), weights);
    await writeFile(join(place.path, MODEL_FILE), json);
    return join(place.path, MODEL_FILE);
  });
}
