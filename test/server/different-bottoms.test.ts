import { describe, expect, it } from 'vitest';
import { connect } from '../../client/node/join.js';
import { predictOver } from '../../client/predict.js';
import { participate } from '../../client/participate.js';
import { serve } from '../../server/serve.js';
import { consecutiveBatches } from '../../shared/data/batch-order.js';
import type { Dataset } from '../../shared/data/dataset.js';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import { decodeModelDefinition } from '../../shared/protocol/model-definition.js';
import { float32 } from '../../shared/ndarray.js';
import { tinyData } from '../helpers/tiny-task.js';
import { twoBottoms as task } from '../helpers/two-bottoms.js';
import { helloOf, Stranger } from './stranger.js';

const start = async (clients: number, schedule = 'splitfed-v2', keepServing = false) =>
  serve({ task, clients, seed: 5, schedule, keepServing, loadedEngine: await chooseEngine('tfjs') });

describe('a client that asks for a bottom', () => {
  it.each<[string, string, RegExp]>([
    ['large', 'splitfed-v2', /asked for the bottom 'large', this run has default, small/],
    ['toString', 'splitfed-v2', /asked for the bottom 'toString', this run has default, small/],
    ['x'.repeat(256), 'splitfed-v2', /asked for the bottom 'x{40}', this run/],
    ['small', 'fedavg', /this run has default: schedule 'fedavg' divides nothing/],
  ])('%s under %s is refused with the reason', async (bottom, schedule, message) => {
    const server = await start(1, schedule);
    const stranger = (await Stranger.connect(server.url)).send(helloOf('train', { bottom }));
    await expect(stranger.receive('welcome')).rejects.toThrow(message);
    expect((await stranger.ending).error).toBe('BAD_OPTION');
    await server.close();
  });

  it('starts from the same weights as others of its kind, and each kind from its own', async () => {
    const server = await start(4);
    const bottoms = [];
    for (const bottom of ['small', 'default', 'small', null]) {
      const stranger = (await Stranger.connect(server.url)).send(helloOf('train', { bottom }));
      const { segments } = decodeModelDefinition((await stranger.receive('model')).payload);
      bottoms.push({ stranger, layers: segments.flatMap(({ spec }) => spec.weights.map(({ layer }) => layer)) });
    }
    expect(bottoms.map(({ layers }) => layers[0])).toEqual(['thin', 'wide', 'thin', 'wide']);
    for (const { stranger } of bottoms) stranger.send({ type: 'ready', samples: 7, testSamples: 0 });
    const [small, own, alike, usual] = await Promise.all(
      bottoms.map(async ({ stranger }) => (await stranger.receive('bottom')).payload),
    );
    expect(alike).toEqual(small);
    expect(usual).toEqual(own);
    expect(small).not.toEqual(own);
    await server.close();
  });

  it('must send that one back, and costs nobody anything when it does not', async () => {
    const server = await start(2);
    const engine = await chooseEngine('tfjs');
    const honest = (async () => {
      const transport = await connect(server.url);
      for await (const _ of participate({ transport, data: tinyData(14), engine, place: [0, 2] }));
    })();
    const stranger = await Stranger.connect(server.url);
    await stranger.send(helloOf('train', { shard: [1, 2], bottom: 'small' })).receive('model');
    const { steps } = await stranger.send({ type: 'ready', samples: 1, testSamples: 0 }).receive('train');
    for (let step = 1; step <= steps; step++) {
      const labels = [{ dtype: 'int32', shape: [1], data: Int32Array.of(2) } as const];
      stranger.send({ type: 'smashed', step, tensors: [float32([1, 3], [0.3, 0.1, 0])], labels });
      await stranger.receive('cutGradient');
    }
    // As many bytes as the task's own bottom has: 15 values, where the small one has 11.
    stranger.send({ type: 'bottom', round: 0, updates: null, payload: new Uint8Array(60) });
    expect((await stranger.ending).error).toBe('BAD_SHAPE');
    await honest;
    expect((await server.finished).summary.bottoms).toEqual([
      { name: 'default', samples: 28 },
      { name: 'small', samples: 0 },
    ]);
    await server.close();
  });

  it('may ask for predictions through it', async () => {
    const server = await start(1, 'splitfed-v2', true);
    const engine = await chooseEngine('tfjs');
    const data = tinyData(63, 5);
    const transport = await connect(server.url);
    for await (const _ of participate({ transport, data, engine, bottom: 'small', place: [0, 1] }));
    const predicted = async (bottom: string) => {
      const found: number[] = [];
      for await (const { outputs } of predictOver(await connect(server.url), batchesOf(data.test), engine, bottom)) {
        found.push(...(outputs[0]?.data ?? []));
      }
      return found;
    };
    const [small, own] = [await predicted('small'), await predicted('default')];
    expect(small).toHaveLength(13 * 3);
    expect(own).not.toEqual(small);
    await server.close();
  });
});

async function* batchesOf(dataset: Dataset | undefined) {
  for (const rows of consecutiveBatches(dataset?.size ?? 0, 5)) {
    const { inputs } = (await dataset?.batch(rows)) ?? { inputs: [] };
    yield { inputs, labels: [] };
  }
}
