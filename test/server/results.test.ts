import * as tf from '@tensorflow/tfjs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exportModel } from '../../server/export-model.js';
import { loadTrainedModel } from '../../server/saved-model.js';
import { readSavedRun, saveRun } from '../../server/saved-run.js';
import { serve } from '../../server/serve.js';
import { join as joinRun } from '../../client/node/join.js';
import { predict } from '../../client/node/predict.js';
import { toTensor } from '../../shared/model/weights.js';
import { findTask } from '../../shared/tasks/find-task.js';
import { madeUpDigits } from '../helpers/digits.js';
import { fromFolder } from '../../server/from-folder.js';

const data = madeUpDigits(256);
const task = findTask('mnist-norm');

describe('after a run', () => {
  it.each(['vanilla', 'u-shaped'])(
    '%s: the split model predicts what the exported one does in plain tfjs',
    async (topology) => {
      const server = await serve({ task, topology, clients: 1, epochs: 1, keepServing: true, engine: 'tfjs' });
      let steps = 0;
      for await (const step of joinRun(server.url, { data, engine: 'tfjs' })) steps = step.step;
      const result = await server.finished;
      expect(steps).toBe(4);
      expect(result.summary).toMatchObject({ steps: 4, samples: 256 });

      const batch = await data.train.batch([3, 14, 15, 92, 65]);
      const split: Float32Array[] = [];
      for await (const { outputs, loss } of predict(server.url, [batch, { ...batch, labels: [] }], {
        engine: 'tfjs',
      })) {
        split.push(outputs[0]?.data as Float32Array);
        if (split.length === 1) expect(loss).toBeGreaterThan(0);
        else expect(loss).toBeNull();
      }
      await server.close();

      const folder = await mkdtemp(join(tmpdir(), 'tandem-'));
      await saveRun(folder, 'mnist-norm', result);
      const saved = await readSavedRun(folder);
      expect(saved.summary).toEqual(result.summary);
      const model = await loadTrainedModel(folder, task, saved);
      await exportModel(model, join(folder, 'model'));

      const loaded = await tf.loadLayersModel(fromFolder(join(folder, 'model')));
      const whole = (loaded.predict(batch.inputs.map(toTensor)) as tf.Tensor).dataSync();
      expect(split).toEqual([whole, whole]);

      await writeFile(join(folder, 'weights.bin'), 'short');
      await expect(loadTrainedModel(folder, task, saved)).rejects.toMatchObject({
        code: 'BAD_DATA',
        message: /has 5 bytes/,
      });
    },
  );

  it('a server that was not told to stay is gone', async () => {
    const server = await serve({ task, clients: 1, steps: 1, engine: 'tfjs' });
    for await (const _ of joinRun(server.url, { data, engine: 'tfjs' }));
    await server.finished;
    await expect(joinRun(server.url, { data, engine: 'tfjs' }).finished).rejects.toMatchObject({
      code: expect.stringMatching(/UNREACHABLE|LINK_LOST|RUN_OVER/) as string,
    });
  });
});
