import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type * as tf from '@tensorflow/tfjs';

/**
 * What `tf.loadLayersModel` takes in Node to read an exported folder: tfjs has a loader of files there only with its native package.
 * Loading rejects where the folder holds no model.
 */
export function fromFolder(folder: string): tf.io.IOHandler {
  return {
    load: async () => {
      const { modelTopology, weightsManifest } = JSON.parse(await readFile(join(folder, 'model.json'), 'utf8')) as {
        modelTopology: object;
        weightsManifest: tf.io.WeightsManifestConfig;
      };
      const bytes = await readFile(join(folder, weightsManifest[0]?.paths[0] ?? ''));
      return {
        modelTopology,
        weightSpecs: weightsManifest[0]?.weights ?? [],
        weightData: new Uint8Array(bytes).buffer,
      };
    },
  };
}
