import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { TandemError } from '../shared/errors.js';

const WEIGHTS_FILE = 'weights.bin';

/** Writes a model in the tfjs layers format: `model.json` and its weights, for `tf.loadLayersModel`. */
export async function exportModel(model: tf.LayersModel, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const handler = tf.io.withSaveHandler(async (artifacts) => {
    const { modelTopology, weightSpecs = [], weightData, format, generatedBy } = artifacts;
    if (!weightData) throw new TandemError('BAD_MODEL', `the model '${model.name}' has no weights`);
    const chunks = Array.isArray(weightData) ? weightData : [weightData];
    const manifest = [{ paths: [WEIGHTS_FILE], weights: weightSpecs }];
    const json = { format, generatedBy, convertedBy: null, modelTopology, weightsManifest: manifest };
    await writeFile(join(folder, WEIGHTS_FILE), Buffer.concat(chunks.map((chunk) => new Uint8Array(chunk))));
    await writeFile(join(folder, 'model.json'), JSON.stringify(json));
    return { modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(artifacts) };
  });
  await model.save(handler);
}
