import * as tf from '#tfjs';
import { TandemError } from '../errors.js';
import { WEIGHTS_FILE, type LayersFiles } from './layers-format.js';

/** Writes a model down. Throws BAD_MODEL for one without weights. */
export async function layersFiles(model: tf.LayersModel): Promise<LayersFiles> {
  let files: LayersFiles | undefined;
  const handler = tf.io.withSaveHandler(async (artifacts) => {
    const { modelTopology, weightSpecs = [], weightData, format, generatedBy } = artifacts;
    if (!weightData) throw new TandemError('BAD_MODEL', `the model '${model.name}' has no weights`);
    const manifest = [{ paths: [WEIGHTS_FILE], weights: weightSpecs }];
    const json = { format, generatedBy, convertedBy: null, modelTopology, weightsManifest: manifest };
    files = { json: JSON.stringify(json), weights: new Uint8Array(tf.io.CompositeArrayBuffer.join(weightData)) };
    return { modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(artifacts) };
  });
  await model.save(handler);
  if (!files) throw new TandemError('INTERNAL', `the model '${model.name}' was not written`);
  return files;
}

/** Reads what `layersFiles` wrote; the caller disposes it. Throws BAD_MODEL. */
export async function openLayersFiles({ json, weights }: LayersFiles): Promise<tf.LayersModel> {
  try {
    const { modelTopology, weightsManifest } = JSON.parse(json) as tf.io.ModelJSON;
    const weightSpecs = weightsManifest.flatMap((group) => group.weights);
    return await tf.loadLayersModel(
      tf.io.fromMemory({ modelTopology: modelTopology, weightSpecs, weightData: weights.slice().buffer }),
    );
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    throw new TandemError('BAD_MODEL', `the model cannot be opened here: ${reason}`);
  }
}
