import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TandemError } from '../shared/errors.js';
import { MODEL_FILE, WEIGHTS_FILE, type LayersFiles } from '../shared/model/layers-files.js';

/** Writes `model.json` and `weights.bin` for `tf.loadLayersModel`; answers where the first one is. Throws BAD_OPTION. */
export async function writeLayersFiles(folder: string, { json, weights }: LayersFiles): Promise<string> {
  try {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, WEIGHTS_FILE), weights);
    await writeFile(join(folder, MODEL_FILE), json);
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'it cannot be written';
    throw new TandemError('BAD_OPTION', `cannot write the model to ${folder}: ${reason}`, 'choose another folder');
  }
  return join(folder, MODEL_FILE);
}
