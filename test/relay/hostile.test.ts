import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { connect } from '../../client/node/join.js';
import { participate } from '../../client/participate.js';
import { predictOver } from '../../client/predict.js';
import { relay, type RelayOptions, type RunningRelay } from '../../relay/relay.js';
import { serve, type RunningServer } from '../../server/serve.js';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import type { Engine } from '../../shared/engine/engine.js';
import type { RunSummary } from '../../shared/events.js';
import { float32, int32 } from '../../shared/ndarray.js';
import type { Message } from '../../shared/protocol/messages.js';
import type { Transport } from '../../shared/transport/transport.js';
import { tinyData, tinyTask } from '../helpers/tiny-task.js';
import { helloOf, Stranger, type Ending } from '../server/stranger.js';

/** The middle moves averages and draws random numbers, so a step that is run twice shows in the hash. */
const task = {
  ...tinyTask,
  cuts: { 'multi-hop': 'wide,drop' },
  model: () =>
    tf.sequential({
      name: 'tiny',
      layers: [
        tf.layers.dense({ name: 'wide', units: 3, activation: 'tanh', inputShape: [4] }),
        tf.layers.dense({ name: 'hidden', units: 5 }),
        tf.layers.batchNormalization({ name: 'norm' }),
        tf.layers.dropout({ name: 'drop', rate: 0.3 }),
        tf.layers.dense({ name: 'logits', units: 3 }),
      ],
    }),
};

let engine: Engine;
let alone: RunSummary;
beforeAll(async () => {
  engine = await chooseEngine('tfjs');
  const { server, hop } = await start(1);
  await train(await connect(hop.url), [0, 1]);
  alone = (await server.finished).summary;
});

async function start(
  clients: number,
  options: Partial<RelayOptions> = {},
): Promise<{ server: RunningServer; hop: RunningRelay }> {
  const server = await serve({ task, clients, seed: 5, epochs: 1, topology: 'multi-hop', loadedEngine: engine });
  const hop = await relay({ server: server.url, loadedEngine: engine, ...options });
  return { server, hop };
}

async function train(transport: Transport, place: readonly [number, number]): Promise<void> {
  for await (const _ of participate({ transport, data: tinyData(41), engine, place }));
}

const hidden = (rows: number, first = 0.5) =>
  float32(
    [rows, 3],
    Array.from({ length: rows * 3 }, (_, i) => (i === 0 ? first : (i % 7) * 0.1)),
  );
const step = (number: number, change: Partial<Message<'smashed'>> = {}): Message<'smashed'> => {
  return { type: 'smashed', step: number, tensors: [hidden(3)], labels: [int32([3], [2, 1, 0])], ...change };
};

/** Joins through the relay as the second of two, is told to train, and does what it likes. */
async function disturbed(attack: (stranger: Stranger) => Promise<unknown> | void) {
  const { server, hop } = await start(2);
  const honest = connect(hop.url).then((transport) => train(transport, [0, 2]));
  const stranger = await Stranger.connect(hop.url);
  await stranger.send(helloOf('train', { shard: [1, 2] })).receive('model');
  await stranger.send({ type: 'ready', samples: 3, testSamples: 0 }).receive('train');
  await attack(stranger);
  const [{ summary }, ending] = await Promise.all([server.finished, stranger.ending, honest]);
  const relayed = await hop.finished;
  return { summary, ending, relayed };
}

describe('a client behind a relay that breaks the rules', () => {
  const attacks: Record<string, readonly [Message, string, number]> = {
    'a wrong shape': [step(1, { tensors: [float32([3, 2], new Float32Array(6))] }), 'BAD_SHAPE', 4404],
    'the shape of the cut above': [step(1, { tensors: [float32([3, 5], new Float32Array(15))] }), 'BAD_SHAPE', 4404],
    'too many samples': [step(1, { tensors: [hidden(8)], labels: [int32([8], Array(8).fill(1))] }), 'BAD_SHAPE', 4404],
    NaN: [step(1, { tensors: [hidden(3, NaN)] }), 'BAD_VALUE', 4405],
    'a label out of range': [step(1, { labels: [int32([3], [2, 1, 3])] }), 'BAD_LABEL', 4406],
    'a bottom before its steps': [
      { type: 'bottom', round: 0, updates: null, payload: new Uint8Array(60) },
      'BAD_STATE',
      4403,
    ],
    'a message only servers send': [{ type: 'release', round: 0, last: 3 }, 'BAD_STATE', 4403],
  };

  it.each(Object.entries(attacks))(
    '%s: is refused by the relay, and the run is as if it had never been',
    async (_, a) => {
      const [message, error, status] = a;
      const { summary, ending, relayed } = await disturbed((stranger) => void stranger.send(message));
      expect(ending).toEqual({ error, status, reason: error });
      expect(summary).toMatchObject({ weightsHash: alone.weightsHash, steps: alone.steps, testLoss: alone.testLoss });
      expect(relayed).toMatchObject({ clients: 1, steps: alone.steps, samples: alone.samples });
    },
  );

  it.each<[string, (stranger: Stranger) => Ending | void]>([
    ['vanishes', (stranger) => stranger.vanish()],
    ['says goodbye', (stranger) => void stranger.send({ type: 'bye' })],
  ])('costs nobody anything when it %s', async (_, leave) => {
    const { summary } = await disturbed((stranger) => void leave(stranger));
    expect(summary).toMatchObject({ weightsHash: alone.weightsHash, clients: 2 });
  });

  it('is refused when the bottom it sends back is not one', async () => {
    const { summary, ending } = await disturbed(async (stranger) => {
      await stranger.send(step(1)).receive('cutGradient');
      stranger.send({ type: 'bottom', round: 0, updates: null, payload: new Uint8Array(59) });
    });
    expect(ending.error).toBe('BAD_SHAPE');
    expect(summary.steps).toBe(alone.steps + 1);
  });
});

describe('a stranger at a relay', () => {
  it.each<[string, (Message | Uint8Array | string)[], string]>([
    ['text', ['hello'], 'BAD_FRAME'],
    ['noise', [Uint8Array.of(0xc1, 0xff, 0x00)], 'BAD_FRAME'],
    ['a step before its hello', [step(1)], 'BAD_STATE'],
    ['a second hello before the first is answered', [helloOf('train'), helloOf('train')], 'BAD_STATE'],
    ['ready before the model', [helloOf('train'), { type: 'ready', samples: 3, testSamples: 0 }], 'BAD_STATE'],
    ['a shard that does not fit the run', [helloOf('train', { shard: [2, 7] })], 'BAD_OPTION'],
  ])('is refused for %s', async (_, messages, error) => {
    const { server, hop } = await start(1);
    const stranger = (await Stranger.connect(hop.url)).send(...messages);
    expect((await stranger.ending).error).toBe(error);
    // Its place, if it had one, is free again.
    await train(await connect(hop.url), [0, 1]);
    expect((await server.finished).summary.weightsHash).toBe(alone.weightsHash);
  });
});

describe('a relay', () => {
  it('takes as many clients as it was told to, and others when one has left', async () => {
    const { server, hop } = await start(3, { maxClients: 1 });
    const first = await Stranger.connect(hop.url);
    await first.send(helloOf('train')).receive('model');
    const second = (await Stranger.connect(hop.url)).send(helloOf('train'));
    expect((await second.ending).error).toBe('RUN_FULL');
    first.vanish();
    await expect
      .poll(async () => {
        const third = (await Stranger.connect(hop.url)).send(helloOf('train'));
        return Promise.race([third.receive('model').catch(() => null), third.ending.then(() => null)]);
      })
      .toMatchObject({ type: 'model' });
    await Promise.all([hop.close(), server.close()]);
  });

  it('says at once that nobody answers, or that nothing is left for clients', async () => {
    await expect(relay({ server: 'ws://127.0.0.1:9', loadedEngine: engine })).rejects.toMatchObject({
      code: 'UNREACHABLE',
    });
    const server = await serve({ task, seed: 5, loadedEngine: engine });
    await expect(relay({ server: server.url, loadedEngine: engine })).rejects.toMatchObject({
      code: 'BAD_OPTION',
      message: /gives 1 bottom segment and the relay is to keep 1/,
    });
    await server.close();
  });

  it('does not let other machines in unless told to', async () => {
    const options = { server: 'ws://127.0.0.1:9', host: '0.0.0.0', loadedEngine: engine };
    await expect(relay(options)).rejects.toMatchObject({ code: 'BAD_OPTION' });
    await expect(relay({ ...options, insecure: true })).rejects.toMatchObject({ code: 'UNREACHABLE' });
  });

  it('fails with the reason of the server, and so do its clients', async () => {
    const { server, hop } = await start(2);
    const stranger = await Stranger.connect(hop.url);
    await stranger.send(helloOf('train')).receive('model');
    await server.close();
    expect((await stranger.ending).error).toBe('CANCELLED');
    await expect(hop.finished).rejects.toMatchObject({ code: 'CANCELLED', message: /the server is shutting down/ });
  });

  it('tells its clients and the server when it is stopped', async () => {
    const { server, hop } = await start(2);
    const stranger = await Stranger.connect(hop.url);
    await stranger.send(helloOf('train')).receive('model');
    await hop.close();
    expect((await stranger.ending).error).toBe('CANCELLED');
    await expect(hop.finished).rejects.toMatchObject({ code: 'CANCELLED', message: /the relay is shutting down/ });
    await server.close();
  });

  it('gives predictions, the same as those of a client that holds both segments itself', async () => {
    const { server, hop } = await start(1);
    const { test } = tinyData(41);
    const batch = await test?.batch([3, 1, 4]);
    const ask = async (url: string) => {
      for await (const prediction of predictOver(await connect(url), batch ? [batch] : [], engine)) return prediction;
      return undefined;
    };
    const through = await ask(hop.url);
    expect(through?.outputs[0]?.shape).toEqual([3, 3]);
    expect(through).toEqual(await ask(server.url));
    await Promise.all([hop.close(), server.close()]);
  });
});
