import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { connect } from '../../client/node/join.js';
import { participate } from '../../client/participate.js';
import { serve, type RunningServer } from '../../server/serve.js';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import type { Engine } from '../../shared/engine/engine.js';
import type { RunSummary } from '../../shared/events.js';
import { float32, int32, type NdArray } from '../../shared/ndarray.js';
import type { Message } from '../../shared/protocol/messages.js';
import { tinyData, tinyTask } from '../helpers/tiny-task.js';
import { helloOf, Stranger, type Ending } from './stranger.js';

/** Batch normalisation in the middle: a first half moves its averages, so one that is not undone shows in the hash. */
const task = {
  ...tinyTask,
  cuts: { 'u-shaped': 'wide,norm' },
  metrics: ['accuracy', 'confusionMatrix'] as const,
  model: () =>
    tf.sequential({
      name: 'tiny',
      layers: [
        tf.layers.dense({ name: 'wide', units: 3, activation: 'tanh', inputShape: [4] }),
        tf.layers.dense({ name: 'hidden', units: 5 }),
        tf.layers.batchNormalization({ name: 'norm' }),
        tf.layers.dense({ name: 'logits', units: 3 }),
      ],
    }),
};

let engine: Engine;
let alone: RunSummary;
beforeAll(async () => {
  engine = await chooseEngine('tfjs');
  const server = await serveTiny(1);
  await trainHonestly(server, [0, 1]);
  alone = (await server.finished).summary;
});

const filled = (shape: number[], value = 0.3): NdArray =>
  float32(
    shape,
    Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => (i % 7) * 0.3 + value),
  );
const smashed = (step: number, change: Partial<Message<'smashed'>> = {}): Message<'smashed'> => {
  return { type: 'smashed', step, tensors: [filled([3, 3], 7)], labels: [], ...change };
};
const gradient = (step: number, change: Partial<Message<'topGradient'>> = {}): Message<'topGradient'> => {
  return { type: 'topGradient', step, loss: 0.7, tensors: [filled([3, 5])], ...change };
};
const query = (labels: NdArray[]): Message<'query'> => ({ type: 'query', id: 3, tensors: [filled([3, 3])], labels });
const evaluated = (change: Partial<Message<'evaluated'>> = {}): Message<'evaluated'> => {
  const confusion = [int32([3, 3], [1, 2, 0, 3, 1, 0, 0, 0, 0])];
  return { type: 'evaluated', round: 0, loss: 3.5, sums: [2], confusion, ...change };
};

function serveTiny(clients: number): Promise<RunningServer> {
  return serve({ task, clients, seed: 5, epochs: 1, topology: 'u-shaped', loadedEngine: engine });
}

async function trainHonestly({ url }: RunningServer, place: readonly [number, number]): Promise<void> {
  for await (const _ of participate({ transport: await connect(url), data: tinyData(41), engine, place }));
}

/** Joins as the second of two, is told to train, and does what it likes. */
async function disturbed(
  attack: (stranger: Stranger) => Promise<unknown> | void,
  testSamples = 0,
): Promise<{ summary: RunSummary; ending: Ending }> {
  const server = await serveTiny(2);
  const honest = trainHonestly(server, [0, 2]);
  const stranger = await Stranger.connect(server.url);
  stranger.send(helloOf('train', { shard: [1, 2] }), { type: 'ready', samples: 3, testSamples });
  await stranger.receive('train');
  await attack(stranger);
  const [{ summary }, ending] = await Promise.all([server.finished, stranger.ending, honest]);
  return { summary, ending };
}

describe('a member of a u-shaped run that breaks the rules', () => {
  const first: Record<string, readonly [Message, string, number]> = {
    'labels with its smashed data': [smashed(1, { labels: [int32([3], [2, 1, 1])] }), 'BAD_LABEL', 4406],
    'smashed data of a wrong shape': [smashed(1, { tensors: [filled([3, 4])] }), 'BAD_SHAPE', 4404],
    'smashed data with NaN': [smashed(1, { tensors: [filled([3, 3], NaN)] }), 'BAD_VALUE', 4405],
    'a gradient before its step': [gradient(1), 'BAD_STATE', 4403],
    'a query during training': [query([]), 'BAD_STATE', 4403],
  };
  const second: Record<string, readonly [Message, string, number]> = {
    'a gradient of a wrong shape': [gradient(1, { tensors: [filled([3, 4])] }), 'BAD_SHAPE', 4404],
    'a gradient of fewer samples': [gradient(1, { tensors: [filled([2, 5])] }), 'BAD_SHAPE', 4404],
    'a gradient of more samples': [gradient(1, { tensors: [filled([4, 5])] }), 'BAD_SHAPE', 4404],
    'a gradient of another dtype': [gradient(1, { tensors: [int32([3, 5], Array(15).fill(3))] }), 'BAD_SHAPE', 4404],
    'no gradient': [gradient(1, { tensors: [] }), 'BAD_SHAPE', 4404],
    'a gradient with NaN': [gradient(1, { tensors: [filled([3, 5], NaN)] }), 'BAD_VALUE', 4405],
    'an infinite gradient': [gradient(1, { tensors: [filled([3, 5], Infinity)] }), 'BAD_VALUE', 4405],
    'a gradient that overflows': [gradient(1, { tensors: [filled([3, 5], 3e38)] }), 'BAD_VALUE', 4405],
    'a finite gradient that overflows an optimizer': [
      gradient(1, { tensors: [filled([3, 5], 1e25)] }),
      'BAD_VALUE',
      4405,
    ],
    'a loss that is NaN': [gradient(1, { loss: NaN }), 'BAD_VALUE', 4405],
    'an infinite loss': [gradient(1, { loss: -Infinity }), 'BAD_VALUE', 4405],
    'its step again with other values': [smashed(1, { tensors: [filled([3, 3], 0.5)] }), 'STEP_GAP', 4407],
    'the gradient of another step': [gradient(2), 'BAD_STATE', 4403],
    'a bottom in the middle of a step': [
      { type: 'bottom', round: 0, updates: null, payload: new Uint8Array(4 * 33) },
      'BAD_STATE',
      4403,
    ],
  };

  it.each(Object.entries(first))('%s: is refused, and the run is as if it had never been', async (_, attack) => {
    const [message, error, status] = attack;
    const { summary, ending } = await disturbed((stranger) => void stranger.send(message));
    expect(ending).toEqual({ error, status, reason: error });
    expect(summary).toMatchObject({ weightsHash: alone.weightsHash, steps: alone.steps, testLoss: alone.testLoss });
  });

  it.each(Object.entries(second))('%s between the halves of its step: likewise', async (_, attack) => {
    const [message, error, status] = attack;
    const { summary, ending } = await disturbed(async (stranger) => {
      expect(await stranger.send(smashed(1)).receive('middleOutput')).toMatchObject({ step: 1 });
      stranger.send(message);
    });
    expect(ending).toEqual({ error, status, reason: error });
    expect(summary).toMatchObject({ weightsHash: alone.weightsHash, steps: alone.steps, testLoss: alone.testLoss });
  });

  it.each([
    ['vanishing', (stranger: Stranger) => stranger.vanish(), 1006],
    ['a goodbye', (stranger: Stranger) => void stranger.send({ type: 'bye' }), 1000],
  ])('%s between the halves of its step does not stall the others', async (_, leave, status) => {
    const { summary, ending } = await disturbed(async (stranger) => {
      await stranger.send(smashed(1)).receive('middleOutput');
      leave(stranger);
    });
    expect(ending.status).toBe(status);
    expect(summary.weightsHash).toBe(alone.weightsHash);
  });

  it('is refused where it sends its second half twice', async () => {
    const { summary, ending } = await disturbed(async (stranger) => {
      await stranger.send(smashed(1)).receive('middleOutput');
      expect(await stranger.send(gradient(1)).receive('cutGradient')).toMatchObject({ step: 1, loss: 0.7 });
      stranger.send(gradient(1));
    });
    expect(ending.error).toBe('BAD_STATE');
    expect(summary.steps).toBe(alone.steps + 1);
  });
});

describe('reports of an evaluation', () => {
  const attacks: Record<string, readonly [Message, string, number]> = {
    'no loss': [evaluated({ loss: null }), 'BAD_MESSAGE', 4401],
    'a metric too few': [evaluated({ sums: [] }), 'BAD_MESSAGE', 4401],
    'a loss that is NaN': [evaluated({ loss: NaN }), 'BAD_VALUE', 4405],
    'an infinite metric': [evaluated({ sums: [Infinity] }), 'BAD_VALUE', 4405],
    'no confusion matrix': [evaluated({ confusion: [] }), 'BAD_SHAPE', 4404],
    'a confusion matrix of other classes': [evaluated({ confusion: [int32([2, 2], [1, 2, 3, 4])] }), 'BAD_SHAPE', 4404],
    'a negative count': [evaluated({ confusion: [int32([3, 3], [1, 2, 0, 3, -1, 0, 0, 0, 0])] }), 'BAD_VALUE', 4405],
    'labels in a query': [query([int32([3], [2, 1, 1])]), 'BAD_LABEL', 4406],
  };

  it('are refused when they are not as they should be, and change nothing', async () => {
    const evaluate = (message: Message) =>
      disturbed(async (stranger) => {
        await stranger.send(smashed(1)).receive('middleOutput');
        await stranger.send(gradient(1)).receive('cutGradient');
        // 15 + 18 values below and above, as they might have become.
        const payload = new Uint8Array(new Float32Array(33).fill(0.3).buffer);
        stranger.send({ type: 'bottom', round: 0, updates: null, payload });
        const { round } = await stranger.receive('evaluate');
        stranger.send(message.type === 'evaluated' ? { ...message, round } : message);
      }, 3);
    const { summary: reference } = await evaluate({ type: 'bye' });
    for (const [name, [message, error, status]] of Object.entries(attacks)) {
      const { summary, ending } = await evaluate(message);
      expect.soft(ending, name).toEqual({ error, status, reason: error });
      expect.soft(summary, name).toMatchObject({
        weightsHash: reference.weightsHash,
        testLoss: reference.testLoss,
        metrics: reference.metrics,
      });
    }
  });
});
