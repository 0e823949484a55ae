import { describe, expect, it } from 'vitest';
import { connect } from '../../client/node/join.js';
import { participate } from '../../client/participate.js';
import { Bottoms } from '../../server/run/bottoms.js';
import { ClientParts } from '../../server/run/client-parts.js';
import { Lanes } from '../../server/lane/lanes.js';
import { SharedSegments } from '../../server/run/shared-segments.js';
import { serve } from '../../server/serve.js';
import { parseAggregation } from '../../shared/aggregation.js';
import { resolveRun } from '../../shared/config.js';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import { buildPlaced } from '../../shared/model/build.js';
import { encodeSegments } from '../../shared/model/bottom-payload.js';
import { float32, type NdArray } from '../../shared/ndarray.js';
import { findSchedule } from '../../shared/schedules.js';
import { tinyData, tinyTask } from '../helpers/tiny-task.js';
import { helloOf, Stranger } from './stranger.js';

const task = { ...tinyTask, cut: 'wide,hidden' };
const filled = (like: readonly NdArray[], value: number): NdArray[] =>
  like.map(({ shape }) => float32(shape, Array(shape.reduce((a, b) => a * b, 1)).fill(value) as number[]));

/** Three clients with 1, 2 and 1 segments and 3, 5 and 2 samples, whose replicas hold one made-up value each. */
async function merged(name: 'splitfed-v1' | 'splitfed-v2') {
  const engine = await chooseEngine('tfjs');
  const settings = resolveRun(task, { schedule: name, clients: 3, seed: 7 });
  const placed = await buildPlaced(task, settings);
  const { cut, placement } = placed;
  const schedule = findSchedule(name);
  const aggregation = parseAggregation('mean', 3);
  const options = { task, cut, held: placement.server, engine, seed: 7, aggregation };
  const lanes = await Lanes.create(schedule, 3, options);
  const { most } = new ClientParts(task, placed, settings);
  const bottoms = new Bottoms(most.parts, 1, schedule, aggregation, most.weights);
  const shared = new SharedSegments(bottoms, lanes, 1);
  const [lowest = [], middle = [], top = []] = cut.weights;
  // Lanes: the middle is 10 times, the top 100 times the client's number from 1; one lane has those of client 0.
  for (const client of name === 'splitfed-v1' ? [0, 1, 2] : [0]) {
    await lanes.of(client).setWeights([filled(middle, 10 * (client + 1)), filled(top, 100 * (client + 1))]);
  }
  const upload = (client: number, samples: number, values: readonly number[]) => {
    const parts = most.parts.slice(0, values.length);
    const contents = values.map((value, i) => {
      return { weights: filled([lowest, middle][i] ?? [], value), optimizer: null };
    });
    const payload = encodeSegments(parts, contents);
    const holding = { entry: values.length - 1, bottom: null };
    bottoms.upload(client, { type: 'bottom', round: 0, updates: null, payload }, { samples, steps: 1 }, holding);
  };
  upload(0, 3, [1]);
  upload(1, 5, [2, 7]);
  upload(2, 2, [4]);
  shared.mix();
  await shared.merge();
  const all = await Promise.all([0, 1, 2].map((client) => lanes.of(client).weights()));
  lanes.dispose();
  const first = (arrays: readonly NdArray[] | undefined) => arrays?.[0]?.data[0];
  return { bottoms: bottoms.weights.map(first), lanes: all.map((weights) => weights.map(first)) };
}

describe('segments that clients hold and lanes hold for others', () => {
  it('become the mean of all replicas, weighted by the samples that trained each', async () => {
    const { bottoms, lanes } = await merged('splitfed-v1');
    const lowest = (3 * 1 + 5 * 2 + 2 * 4) / 10;
    // The strong client's own, and the lanes of the two weak ones; its lane's middle of 20 has not been trained.
    const middle = (3 * 10 + 5 * 7 + 2 * 30) / 10;
    const top = (3 * 100 + 5 * 200 + 2 * 300) / 10;
    expect(bottoms).toEqual([lowest, middle].map(Math.fround));
    expect(lanes).toEqual(Array(3).fill([middle, top].map(Math.fround)));
  });

  it('count one shared lane by the samples of all clients that do not hold them', async () => {
    const { bottoms, lanes } = await merged('splitfed-v2');
    const middle = ((3 + 2) * 10 + 5 * 7) / 10;
    expect(bottoms).toEqual([(3 * 1 + 5 * 2 + 2 * 4) / 10, middle].map(Math.fround));
    expect(lanes).toEqual(Array(3).fill([Math.fround(middle), 100]));
  });
});

describe('a client that asks for segments', () => {
  const start = async (clients: number, schedule = 'splitfed-v2') =>
    serve({ task, clients, seed: 5, schedule, loadedEngine: await chooseEngine('tfjs') });

  it.each<[number, string, RegExp]>([
    [3, 'splitfed-v2', /asked for 3 segments, this run gives 1 to 2/],
    [2, 'sequential', /asked for 2 segments, this run gives 1: schedule 'sequential' does not average/],
  ])('%i under %s is refused with the reason', async (segments, schedule, message) => {
    const server = await start(1, schedule);
    const stranger = (await Stranger.connect(server.url)).send(helloOf('train', { segments }));
    await expect(stranger.receive('welcome')).rejects.toThrow(message);
    expect((await stranger.ending).error).toBe('BAD_OPTION');
    await server.close();
  });

  it('must keep to the contract of its own cut, and costs nobody anything when it does not', async () => {
    const server = await start(2);
    const data = tinyData(41);
    const engine = await chooseEngine('tfjs');
    const honest = (async () => {
      const transport = await connect(server.url);
      for await (const _ of participate({ transport, data, engine, place: [0, 2] }));
    })();
    const stranger = await Stranger.connect(server.url);
    await stranger.send(helloOf('train', { shard: [1, 2], segments: 2 })).receive('model');
    await stranger.send({ type: 'ready', samples: 3, testSamples: 0 }).receive('train');
    const below = float32([2, 3], Array(6).fill(0.3) as number[]);
    const labels = [{ dtype: 'int32', shape: [2], data: Int32Array.of(1, 2) } as NdArray];
    stranger.send({ type: 'smashed', step: 1, tensors: [below], labels });
    expect((await stranger.ending).error).toBe('BAD_SHAPE');
    await honest;
    expect((await server.finished).summary.steps).toBe(12);
  });

  it('comes too late when nobody like it was there at the beginning', async () => {
    const server = await start(1);
    const first = await Stranger.connect(server.url);
    await first.send(helloOf('train')).receive('model');
    await first.send({ type: 'ready', samples: 3, testSamples: 0 }).receive('train');
    const late = (await Stranger.connect(server.url)).send(helloOf('train', { segments: 2 }));
    await expect(late.receive('welcome')).rejects.toThrow(/the run has begun without any like it/);
    const asks = (await Stranger.connect(server.url)).send(helloOf('infer', { segments: 2 }));
    await expect(asks.receive('welcome')).rejects.toThrow(/it does not train/);
    await server.close();
  });
});
