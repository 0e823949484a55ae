import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { Attacker } from '../../bench/campaigns/attacks/attacker.js';
import { connect } from '../../client/node/connect.js';
import { participate } from '../../client/participate.js';
import { Lane } from '../../server/lane/lane.js';
import type { LaneReply } from '../../server/lane/lane-step.js';
import { WorkQueue } from '../../server/lane/work-queue.js';
import { serve, type ServeOptions } from '../../server/serve.js';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import { sgd } from '../../shared/engine/optimizer.js';
import { asTandemError } from '../../shared/errors.js';
import { buildSegments } from '../../shared/model/build.js';
import { areFinite, float32, identical, int32, type NdArray } from '../../shared/ndarray.js';
import { defineTask } from '../../shared/task.js';
import { tinyData, tinyTask } from '../helpers/tiny-task.js';

const dense = (name: string, units: number) => tf.layers.dense({ name, units, activation: 'relu' });
/** Four layers above the cut, of which each multiplies what is wrong with the others. */
const deepTask = defineTask({
  ...tinyTask,
  name: 'deep',
  cuts: { 'u-shaped': 'hidden,third' },
  optimizer: sgd(0.1),
  model: () =>
    tf.sequential({
      name: 'deep',
      layers: [
        tf.layers.dense({ name: 'wide', units: 3, activation: 'tanh', inputShape: [4] }),
        ...[dense('hidden', 5), dense('first', 5), dense('second', 5), dense('third', 5)],
        tf.layers.dense({ name: 'logits', units: 3 }),
      ],
    }),
});

const values = (rows: number, value: number) => float32([rows, 5], new Float32Array(rows * 5).fill(value));
const kinds = (rows: number) =>
  int32(
    [rows],
    Int32Array.from({ length: rows }, (_, i) => i % 3),
  );

/** Trains with the same values in each step. Answers how it ended. */
async function lie(url: string, value: number, topGradient?: number): Promise<string> {
  const liar = await Attacker.join(url);
  liar.say({ type: 'ready', samples: 20, testSamples: 0 });
  let [step, payload] = [0, new Uint8Array()];
  try {
    for (;;) {
      const message = await liar.hear();
      if (message.type === 'finished') return 'finished';
      if (message.type === 'bottom') payload = message.payload.slice();
      if (message.type !== 'train') continue;
      for (let left = message.steps; left > 0; left--) {
        const labels = topGradient === undefined ? [kinds(4)] : [];
        liar.say({ type: 'smashed', step: ++step, tensors: [values(4, value)], labels });
        if (topGradient !== undefined) {
          await liar.until('middleOutput');
          liar.say({ type: 'topGradient', step, loss: 1, tensors: [values(4, topGradient)] });
        }
        await liar.until('cutGradient');
      }
      liar.say({ type: 'bottom', round: message.round, updates: null, payload });
    }
  } catch (error) {
    return asTandemError(error).code;
  }
}

describe('a lane that all share', () => {
  it.each<[string, Partial<ServeOptions>, number, number?]>([
    ['of 1e4, in rounds', { schedule: 'splitfed-v2' }, 1e4],
    ['of -3e6, as they come', { schedule: 'async' }, -3e6],
    ['with top gradients of -1e5', { schedule: 'splitfed-v2', topology: 'u-shaped' }, 0.5, -1e5],
  ])(
    'is not spoiled for others by steps %s',
    async (_, options, value, topGradient) => {
      const engine = await chooseEngine('tfjs');
      const settings = { task: deepTask, clients: 3, seed: 11, graceSeconds: 0, loadedEngine: engine, ...options };
      const server = await serve(settings);
      const honest = [3, 4].map(async (seed) => {
        try {
          const transport = await connect(server.url);
          for await (const _ of participate({ transport, data: tinyData(41, seed), engine }));
          return 'finished';
        } catch (error) {
          return asTandemError(error).line;
        }
      });
      const ends = await Promise.all([...honest, lie(server.url, value, topGradient)]);
      const { summary } = await server.finished;
      await server.close();
      expect(ends).toEqual(['finished', 'finished', 'BAD_VALUE']);
      expect(summary.testLoss).toBeLessThan(3);
    },
    30_000,
  );

  const [me, another] = [0, 1];
  const step = (of: { client: number; given: number }, value: number, number = 1) =>
    ({ kind: 'whole', step: number, tensors: [values(3, value)], labels: [kinds(3)], entry: 0, of }) as const;

  async function laneOf(settled: boolean) {
    const engine = await chooseEngine('tfjs');
    const cut = await buildSegments(deepTask, 7);
    const first = [cut.weights[1] ?? []];
    const own = settled ? { settled: () => first, isShared: true } : {};
    const options = { task: deepTask, cut, held: [1], engine, seed: 7, ...own };
    return { lane: await Lane.create(options, new WorkQueue().queue()), first };
  }

  const asked = async (lane: Lane, request: Parameters<Lane['take']>[0]) => {
    const replies: LaneReply[] = [];
    await lane.take(request, (reply) => void replies.push(reply));
    return replies[0];
  };
  const spoiled = (weights: readonly NdArray[], by: number) =>
    weights.map(({ shape, data }) =>
      float32(
        shape,
        Float32Array.from(data, (value) => value * by),
      ),
    );

  it.each([1e5, 1e12])('that others have made %s times as large goes back for who sends what is usual', async (by) => {
    const { lane, first } = await laneOf(true);
    const { lane: sound } = await laneOf(true);
    await asked(lane, step({ client: another, given: 0 }, 0.5));
    await lane.setWeights([spoiled(first[0] ?? [], by)]);
    const reply = await asked(lane, step({ client: me, given: 0 }, 0.4, 2));
    await asked(sound, step({ client: another, given: 0 }, 0.5));
    await sound.setWeights(first);
    const same = await asked(sound, step({ client: me, given: 0 }, 0.4, 2));
    expect(reply).toMatchObject({ kind: 'gradient', mended: expect.stringMatching(/went back/) as string });
    expect(same).not.toHaveProperty('mended');
    if (reply?.kind !== 'gradient' || same?.kind !== 'gradient') throw new Error('no gradient');
    expect(reply.tensors.every((tensor, i) => identical(tensor, same.tensors[i] ?? tensor))).toBe(true);
  });

  it('passes over what cannot be learned from where it comes of what the client was given', async () => {
    const { lane, first } = await laneOf(true);
    const reply = await asked(lane, step({ client: me, given: 5e4 }, 9e14));
    expect(reply).toMatchObject({ kind: 'gradient', mended: expect.stringMatching(/nothing was learned/) as string });
    const [after] = await lane.weights();
    expect(after?.every((weight, i) => identical(weight, first[0]?.[i] ?? weight))).toBe(true);
    expect(areFinite(reply?.kind === 'gradient' ? reply.tensors : [])).toBe(true);
  });

  it.each([
    ['who sent what is not usual', me, 9e14],
    ['who was alone with it', another, 0.4],
  ])('refuses %s', async (_, client, value) => {
    const { lane, first } = await laneOf(true);
    await asked(lane, step({ client: another, given: 0 }, 0.5));
    if (value < 1) await lane.setWeights([spoiled(first[0] ?? [], 1e12)]);
    expect(await asked(lane, step({ client, given: 0 }, value, 2))).toMatchObject({
      kind: 'refused',
      error: { code: 'BAD_VALUE' },
    });
  });
});
