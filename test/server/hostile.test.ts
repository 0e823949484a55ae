import { connect as connectTcp } from 'node:net';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { connect } from '../../client/node/join.js';
import { participate, type RunOutcome } from '../../client/participate.js';
import { serve, type RunningServer } from '../../server/serve.js';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import type { Engine } from '../../shared/engine/engine.js';
import type { RunEvent, RunSummary } from '../../shared/events.js';
import { float32, int32 } from '../../shared/ndarray.js';
import { encodeMessage } from '../../shared/protocol/message-codec.js';
import type { Message } from '../../shared/protocol/messages.js';
import { createRng } from '../../shared/rng.js';
import { tinyData, tinyTask } from '../helpers/tiny-task.js';
import { helloOf, Stranger, type Ending } from './stranger.js';

let engine: Engine;
beforeAll(async () => {
  engine = await chooseEngine('tfjs');
});

const BATCH = 7;
const hidden = (rows: number, first = 0.5) =>
  float32(
    [rows, 5],
    Array.from({ length: rows * 5 }, (_, i) => (i === 0 ? first : (i % 7) * 0.3)),
  );
const kinds = (rows: number, first = 2) =>
  int32(
    [rows],
    Array.from({ length: rows }, (_, i) => (i === 0 ? first : 1)),
  );

const ready: Message<'ready'> = { type: 'ready', samples: 7, testSamples: 0 };

/** A step, or a query, that keeps the contract but for what is changed. */
function step(number: number, change: Partial<Message<'smashed'>> = {}): Message<'smashed'> {
  return { type: 'smashed', step: number, tensors: [hidden(3)], labels: [kinds(3)], ...change };
}
function query(change: Partial<Message<'query'>> = {}): Message<'query'> {
  return { type: 'query', id: 3, tensors: [hidden(3)], labels: [kinds(3)], ...change };
}
const brokenBatches = {
  'a wrong shape': [{ tensors: [float32([3, 4], new Float32Array(12).fill(0.3))] }, 'BAD_SHAPE', 4404],
  'a wrong dtype': [{ tensors: [int32([3, 5], new Int32Array(15).fill(3))] }, 'BAD_SHAPE', 4404],
  'too many samples': [{ tensors: [hidden(BATCH + 1)], labels: [kinds(BATCH + 1)] }, 'BAD_SHAPE', 4404],
  NaN: [{ tensors: [hidden(3, NaN)] }, 'BAD_VALUE', 4405],
  infinity: [{ tensors: [hidden(3, -Infinity)] }, 'BAD_VALUE', 4405],
  'a label out of range': [{ labels: [kinds(3, 3)] }, 'BAD_LABEL', 4406],
} as const;

interface Honest {
  readonly outcome: RunOutcome;
  readonly losses: readonly number[];
}

/** One honest client; `between` runs before it goes on after a step. */
async function trainHonestly(
  url: string,
  place: readonly [number, number],
  between: (step: number) => Promise<void> = async () => undefined,
): Promise<Honest> {
  const steps = participate({ transport: await connect(url), data: tinyData(41 + place[0]), engine, place });
  const losses: number[] = [];
  for (;;) {
    const next = await steps.next();
    if (next.done) return { outcome: next.value, losses };
    losses.push(next.value.loss);
    await between(next.value.step);
  }
}

async function serveTiny(clients: number, events: RunEvent[] = []): Promise<RunningServer> {
  return serve({ task: tinyTask, clients, seed: 5, loadedEngine: engine, onEvent: (event) => events.push(event) });
}

/** The run of honest clients among themselves. */
async function undisturbed(clients: number): Promise<RunSummary> {
  const server = await serveTiny(clients);
  await Promise.all(Array.from({ length: clients }, (_, index) => trainHonestly(server.url, [index, clients])));
  return (await server.finished).summary;
}

/** Joins as the second of two, is told to train, and does what it likes. */
async function disturbed(
  attack: (stranger: Stranger) => Promise<void> | void,
): Promise<{ summary: RunSummary; ending: Ending; events: RunEvent[] }> {
  const events: RunEvent[] = [];
  const server = await serveTiny(2, events);
  const honest = trainHonestly(server.url, [0, 2]);
  const stranger = (await Stranger.connect(server.url)).send(helloOf('train', { shard: [1, 2] }), ready);
  await stranger.receive('train');
  await attack(stranger);
  const [{ summary }, ending] = await Promise.all([server.finished, stranger.ending, honest]);
  return { summary, ending, events };
}

describe('strangers while an honest client trains', () => {
  const wrongVersion = encodeMessage(helloOf('infer'));
  wrongVersion[4] = 1;
  const unknownType = encodeMessage({ type: 'bye' });
  unknownType[5] = 99;
  const noise = createRng('noise', 7);
  const infer = helloOf('infer');
  const attacks: Record<string, readonly [(Message | Uint8Array | string)[], string | null, number]> = {
    text: [['hello'], 'BAD_FRAME', 4400],
    'an empty message': [[new Uint8Array()], 'BAD_FRAME', 4400],
    'random bytes': [[Uint8Array.from({ length: 331 }, () => noise.int(256))], 'BAD_FRAME', 4400],
    'c1 ff 00': [[Uint8Array.of(0xc1, 0xff, 0x00)], 'BAD_FRAME', 4400],
    'an unknown type': [[unknownType], 'BAD_MESSAGE', 4401],
    'another version': [[wrongVersion], 'BAD_VERSION', 4402],
    'a step before hello': [[step(1)], 'BAD_STATE', 4403],
    'a step far ahead before hello': [[step(7)], 'BAD_STATE', 4403],
    'a query before hello': [[query()], 'BAD_STATE', 4403],
    'a message only servers send': [[{ type: 'train', round: 3, steps: 5, withOptimizer: true }], 'BAD_STATE', 4403],
    'hello twice': [[infer, infer], 'BAD_STATE', 4403],
    'a step from one who only infers': [[infer, step(1)], 'BAD_STATE', 4403],
    'a bottom from one who only infers': [
      [infer, { type: 'bottom', round: 0, updates: null, payload: new Uint8Array(9) }],
      'BAD_STATE',
      4403,
    ],
    'queries without waiting': [[infer, ...Array.from({ length: 50 }, () => query())], 'BAD_STATE', 4403],
    'a place in a run that has begun': [[helloOf('train')], 'RUN_FULL', 4409],
    'the shard of the honest client': [[helloOf('train', { shard: [0, 1] })], 'RUN_FULL', 4409],
    // The socket itself refuses it, so there is no error message.
    'a message over the limit of the run': [[new Uint8Array(1_000_003)], null, 1009],
    'a goodbye': [[infer, { type: 'bye' }], null, 1000],
    ...Object.fromEntries(
      Object.entries(brokenBatches).map(([name, [change, code, status]]) => [
        `a query with ${name}`,
        [[infer, query(change)], code, status] as const,
      ]),
    ),
  };

  it('are refused as documented and change nothing', async () => {
    const { weightsHash, steps, testLoss } = await undisturbed(1);
    expect(steps).toBe(12);
    const events: RunEvent[] = [];
    const server = await serveTiny(1, events);
    const assault = async () => {
      const endings = Object.entries(attacks).map(async ([name, [things]]) => {
        const stranger = await Stranger.connect(server.url);
        return [name, await stranger.send(...things).ending] as const;
      });
      // Some do not even say what they want, or say it to the wrong port.
      (await Stranger.connect(server.url)).vanish();
      (await Stranger.connect(server.url)).send(infer).vanish();
      connectTcp(server.port, '127.0.0.1')
        .on('error', () => undefined)
        .end('\u0016\u0003\u0001 no HTTP at all\r\n\r\n');
      connectTcp(server.port, '127.0.0.1')
        .on('error', () => undefined)
        .write('GET / HTTP/1.1\r\nUpgr');
      expect((await fetch(new URL('/nothing', server.url.replace('ws:', 'http:')))).status).toBe(426);
      return Object.fromEntries(await Promise.all(endings));
    };
    let inBackground: Promise<unknown> = Promise.resolve();
    const honest = await trainHonestly(server.url, [0, 1], async (number) => {
      // Once the honest client waits for the end of the assault, once it trains during it.
      if (number === 5) inBackground = assault();
      if (number === 11) await inBackground;
      if (number !== 3) return;
      const endings = await assault();
      for (const [name, [, error, status]] of Object.entries(attacks)) {
        const tooLarge = 'TOO_LARGE: a message of more than 16384 bytes came';
        const reason = error ?? (status === 1009 ? tooLarge : '');
        expect.soft(endings[name], name).toEqual({ error, status, reason });
      }
    });
    const { summary } = await server.finished;
    expect(summary).toMatchObject({ weightsHash, steps, testLoss });
    expect(honest.outcome).toMatchObject({ steps, testLoss });
    const codes = events.flatMap((event) => (event.kind === 'refused' ? [event.code] : []));
    const expected = Object.values(attacks).flatMap(([, error]) => error ?? []);
    expect(new Set(codes)).toEqual(new Set([...expected, 'TOO_LARGE']));
    expect(events.filter(({ kind }) => kind === 'client-left')).toEqual([]);
  });
});

describe('a member that breaks the rules before its first step', () => {
  const attacks: Record<string, readonly [Message | Uint8Array | string, string, number]> = {
    text: ['smashed', 'BAD_FRAME', 4400],
    'c1 ff 00': [Uint8Array.of(0xc1, 0xff, 0x00), 'BAD_FRAME', 4400],
    'a bottom before its steps': [
      { type: 'bottom', round: 0, updates: null, payload: new Uint8Array(140) },
      'BAD_STATE',
      4403,
    ],
    'a query during training': [query(), 'BAD_STATE', 4403],
    'finite smashed data that overflow an optimizer': [step(1, { tensors: [hidden(3, 1e25)] }), 'BAD_VALUE', 4405],
    'no labels': [step(1, { labels: [] }), 'BAD_LABEL', 4406],
    ...Object.fromEntries(
      Object.entries(brokenBatches).map(([name, [change, code, status]]) => [name, [step(1, change), code, status]]),
    ),
  };

  it.each(Object.entries(attacks))('%s: is refused, and the run is as if it had never been', async (_, attack) => {
    const [thing, error, status] = attack;
    const alone = await undisturbed(1);
    const { summary, ending, events } = await disturbed((stranger) => void stranger.send(thing));
    expect(ending).toEqual({ error, status, reason: error });
    expect(summary).toMatchObject({ weightsHash: alone.weightsHash, steps: alone.steps, testLoss: alone.testLoss });
    expect(events).toContainEqual(expect.objectContaining({ kind: 'refused', client: 1, code: error }));
    expect(events).toContainEqual(expect.objectContaining({ kind: 'client-left', client: 1 }));
  });

  it('vanishing in the middle of a round does not stall the others', async () => {
    const alone = await undisturbed(1);
    const { summary, ending } = await disturbed((stranger) => stranger.vanish());
    expect(ending.status).toBe(1006);
    expect(summary.weightsHash).toBe(alone.weightsHash);
  });

  it('sending a step ahead of its turn is refused', async () => {
    const { summary, ending } = await disturbed((stranger) => void stranger.send(step(3)));
    expect(ending).toMatchObject({ error: 'STEP_GAP', status: 4407 });
    expect(summary.weightsHash).toBe((await undisturbed(1)).weightsHash);
  });
});

describe('a member that breaks the rules after its step', () => {
  const weights = (change: (values: Float32Array) => void = () => undefined) => {
    // 4 x 3 + 3 below, 3 x 5 + 5 above.
    const values = new Float32Array(35).fill(0.3);
    change(values);
    return new Uint8Array(values.buffer);
  };
  const bottom = (payload: Uint8Array, round = 0) => ({ type: 'bottom', round, updates: null, payload }) as const;
  const attacks: Record<string, readonly [Message, string, number]> = {
    'a bottom that is too short': [bottom(weights().subarray(4)), 'BAD_SHAPE', 4404],
    'a bottom with optimizer state nobody asked for': [{ ...bottom(weights()), updates: 3 }, 'BAD_MESSAGE', 4401],
    'a bottom with NaN': [bottom(weights((values) => (values[17] = NaN))), 'BAD_VALUE', 4405],
    'a bottom of another round': [bottom(weights(), 5), 'BAD_STATE', 4403],
    'more steps than it was told': [step(2), 'BAD_STATE', 4403],
    'its step again with other labels': [step(1, { labels: [kinds(3, 0)] }), 'BAD_STATE', 4403],
  };

  it('is refused, and the run is as if it had left there', async () => {
    const afterStep = (last: (stranger: Stranger) => void) =>
      disturbed(async (stranger) => {
        await stranger.send(step(1)).receive('cutGradient');
        last(stranger);
      });
    const { summary: reference } = await afterStep((stranger) => stranger.send({ type: 'bye' }));
    for (const [name, [message, error, status]] of Object.entries(attacks)) {
      const { summary, ending } = await afterStep((stranger) => stranger.send(message));
      expect.soft(ending, name).toEqual({ error, status, reason: error });
      expect.soft(summary.weightsHash, name).toBe(reference.weightsHash);
    }
    const { summary: vanished } = await afterStep((stranger) => stranger.vanish());
    expect(vanished.weightsHash).toBe(reference.weightsHash);
    expect(reference.steps).toBe((await undisturbed(1)).steps + 1);
  });
});

describe('before a run begins', () => {
  it('a second shard 0 and a shard of another count are refused, and the place stays with the first', async () => {
    const { weightsHash } = await undisturbed(2);
    const events: RunEvent[] = [];
    const server = await serveTiny(2, events);
    const first = trainHonestly(server.url, [0, 2]);
    await vi.waitFor(() =>
      expect(events).toContainEqual(expect.objectContaining({ kind: 'client-joined', client: 0 })),
    );
    for (const [shard, error, status] of [
      [[0, 2], 'RUN_FULL', 4409],
      [[1, 3], 'BAD_OPTION', 4433],
      [[2, 2], 'BAD_OPTION', 4433],
    ] as const) {
      const stranger = await Stranger.connect(server.url);
      const ending = await stranger.send(helloOf('train', { shard: [...shard] })).ending;
      expect(ending).toEqual({ error, status, reason: error });
    }
    await Promise.all([first, trainHonestly(server.url, [1, 2])]);
    expect((await server.finished).summary.weightsHash).toBe(weightsHash);
  });

  it.each(['close', 'terminate'] as const)(
    'a client that is gone (%s) with its hello is not waited for',
    async (how) => {
      const { weightsHash } = await undisturbed(2);
      const events: RunEvent[] = [];
      const server = await serveTiny(2, events);
      for (let i = 0; i < 5; i++) {
        const stranger = await Stranger.connect(server.url);
        stranger.send(helloOf('train', { shard: [1, 2] })).socket[how]();
        await stranger.ending;
      }
      const count = (wanted: RunEvent['kind']) => events.filter(({ kind }) => kind === wanted).length;
      await vi.waitFor(() => expect(count('client-left')).toBeGreaterThanOrEqual(count('client-joined')));
      await Promise.all([trainHonestly(server.url, [0, 2]), trainHonestly(server.url, [1, 2])]);
      expect((await server.finished).summary.weightsHash).toBe(weightsHash);
    },
  );
});
