import * as tf from '@tensorflow/tfjs';
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { exportModel } from '../../server/export-model.js';
import { loadWithBottom } from '../../server/saved-bottom.js';
import { readSavedRun, saveRun } from '../../server/saved-run.js';
import { toTensor, writeModelWeights } from '../../shared/model/weights.js';
import type { NdArray } from '../../shared/ndarray.js';
import { simulate } from '../../simulator/simulate.js';
import { tinyData } from '../helpers/tiny-task.js';
import { smallUndivided, twoBottoms as task } from '../helpers/two-bottoms.js';

it.each(['vanilla', 'u-shaped'])('%s: the exported model of a further bottom is what was trained', async (topology) => {
  const data = tinyData(29, 5);
  const bottoms = { clients: 2, clientBottoms: ['small', 'default'], schedule: 'splitfed-v1' };
  const result = await simulate({ task, data, topology, seed: 17, engine: 'tfjs', transport: 'loopback', ...bottoms });
  const folder = await mkdtemp(join(tmpdir(), 'tandem-'));
  await saveRun(folder, 'tiny', result);
  const saved = await readSavedRun(folder);
  const model = await loadWithBottom(folder, task, saved, 'small');
  await exportModel(model, join(folder, 'small'));
  const again = await tf.loadLayersModel(await fromFolder(join(folder, 'small')));

  // The same by hand, of the weights that the run answered.
  const whole = await (await smallUndivided(task, 17)).model();
  writeModelWeights(whole, [...(result.trained.bottoms?.small ?? []), ...result.trained.weights.slice(2)]);
  const batch = await data.train.batch([3, 1, 4, 15, 9]);
  const x = toTensor(batch.inputs[0] as NdArray);
  const values = [whole, model, again].map((predictor) => [...(predictor.predict(x) as tf.Tensor).dataSync()]);
  expect(values[1]).toEqual(values[0]);
  expect(values[2]).toEqual(values[0]);
  await expect(loadWithBottom(folder, task, saved, 'large')).rejects.toThrow(/no further bottom 'large'/);
});

/** As tf.loadLayersModel would read it from disk. */
async function fromFolder(folder: string): Promise<tf.io.IOHandler> {
  const text = await readFile(join(folder, 'model.json'), 'utf8');
  const { modelTopology, weightsManifest } = JSON.parse(text) as tf.io.ModelJSON;
  const weightSpecs = weightsManifest.flatMap(({ weights }) => weights);
  const weightData = new Uint8Array(await readFile(join(folder, 'weights.bin'))).buffer;
  return tf.io.fromMemory({ modelTopology, weightSpecs, weightData });
}
