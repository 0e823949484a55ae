import { expect, it } from 'vitest';
import { connect } from '../../client/node/join.js';
import { participate } from '../../client/participate.js';
import { predictOver } from '../../client/predict.js';
import { serve } from '../../server/serve.js';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import { tinyData, tinyTask } from '../helpers/tiny-task.js';

it.each(['fedavg', 'local-loss'])(
  'after a run with %s, others get the predictions that were tested',
  async (schedule) => {
    const engine = await chooseEngine('tfjs');
    const server = await serve({ task: tinyTask, seed: 5, schedule, loadedEngine: engine, keepServing: true });
    try {
      const data = tinyData(41);
      for await (const _ of participate({ transport: await connect(server.url), data, engine }));
      const { summary } = await server.finished;
      const test = data.test ?? data.train;
      const batches = [await test.batch([0, 1, 2, 3, 4, 5, 6]), await test.batch([7, 8, 9, 10, 11, 12])];
      let sum = 0;
      for await (const { outputs, loss } of predictOver(await connect(server.url), batches, engine)) {
        sum += (loss ?? NaN) * (outputs[0]?.shape[0] ?? 0);
      }
      expect(sum / 13).toBeCloseTo(summary.testLoss ?? NaN, 6);
    } finally {
      await server.close();
    }
  },
);
