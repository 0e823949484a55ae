import { beforeAll, describe, expect, it } from 'vitest';
import { RelayHost } from '../../relay/relay-host.js';
import { clientPart, modelMessage } from '../../server/run/client-part.js';
import { resolveRun } from '../../shared/config.js';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import type { Engine } from '../../shared/engine/engine.js';
import { TandemError } from '../../shared/errors.js';
import { encodeSegments } from '../../shared/model/bottom-payload.js';
import { buildPlaced } from '../../shared/model/build.js';
import { float32, int32 } from '../../shared/ndarray.js';
import { Link } from '../../shared/protocol/link.js';
import type { Message } from '../../shared/protocol/messages.js';
import { loopbackPair } from '../../shared/transport/loopback.js';
import type { Transport } from '../../shared/transport/transport.js';
import { goldenMessages } from '../protocol/golden-messages.js';
import { tinyTask } from '../helpers/tiny-task.js';
import { helloOf } from '../server/stranger.js';

const settings = resolveRun(tinyTask, { topology: 'multi-hop', seed: 7 });
const part = clientPart(tinyTask, await buildPlaced(tinyTask, settings), settings);
const { parts, weights } = part;
const model = modelMessage(part, {});
const contents = weights.map((values) => ({ weights: values, optimizer: null }));
const bottom: Message<'bottom'> = { type: 'bottom', round: 0, updates: null, payload: encodeSegments(parts, contents) };
const welcome: Message<'welcome'> = {
  ...(goldenMessages.welcome as Message<'welcome'>),
  batch: 7,
  client: 0,
  grace: 0,
};
const train: Message<'train'> = { type: 'train', round: 0, steps: 3, withOptimizer: false };
const smashed: Message<'smashed'> = {
  type: 'smashed',
  step: 1,
  tensors: [float32([2, 3], [0.3, 0.1, 0.7, 0.2, 0.9, 0.4])],
  labels: [int32([2], [2, 1])],
};
const reply = (rows: number, value: number, step = 1): Message<'cutGradient'> => {
  const tensors = [float32([rows, 5], Array(rows * 5).fill(value) as number[])];
  return { type: 'cutGradient', step, loss: 0.7, tensors };
};

let engine: Engine;
beforeAll(async () => {
  engine = await chooseEngine('tfjs');
});

/** One end of a link with what comes out of it. */
class End {
  readonly link: Link;
  private readonly messages;

  constructor(transport: Transport) {
    this.link = new Link(transport);
    this.messages = this.link.messages();
  }

  send(...messages: Message[]): this {
    messages.forEach((message) => this.link.send(message));
    return this;
  }

  /** The next message; null at the end of the link. */
  async next(): Promise<Message | null> {
    const { value } = await this.messages.next().catch(() => ({ value: undefined }));
    return value ?? null;
  }

  async until(type: Message['type']): Promise<Message | null> {
    for (;;) {
      const message = await this.next();
      if (message === null || message.type === type) return message;
    }
  }
}

/** A relay below a server that says what the test wants. */
async function world() {
  const uplinks: End[] = [];
  let arrived: () => void = () => undefined;
  const connect = async () => {
    const [below, above] = loopbackPair();
    uplinks.push(new End(above));
    arrived();
    return below;
  };
  const opening = RelayHost.open({ connect, engine });
  await Promise.resolve();
  uplinks[0]?.send(welcome, model);
  const host = await opening;
  const join = async () => {
    const [client, end] = loopbackPair();
    void host.accept(end);
    const below = new End(client);
    const came = new Promise<void>((resolve) => (arrived = resolve));
    below.send(helloOf('train'));
    await came;
    const server = uplinks.at(-1) as End;
    await server.until('hello');
    return { below, server };
  };
  /** A client that has sent a step, and the server's end of its way. */
  const trainee = async () => {
    const { below, server } = await join();
    server.send(welcome, model);
    await below.until('model');
    below.send({ type: 'ready', samples: 5, testSamples: 0 });
    await server.until('ready');
    server.send(bottom, train);
    await below.until('train');
    below.send(smashed);
    expect(await server.until('smashed')).toMatchObject({ step: 1, labels: smashed.labels });
    return { below, server };
  };
  return { host, join, trainee };
}

describe('a server that breaks the rules', () => {
  const replies: Record<string, readonly [Message, string]> = {
    'a gradient of a wrong shape': [{ ...reply(2, 0.1), tensors: [float32([2, 3], Array(6).fill(0.1))] }, 'BAD_SHAPE'],
    'a gradient of fewer samples': [reply(1, 0.1), 'BAD_SHAPE'],
    'a gradient of too many samples': [reply(8, 0.1), 'BAD_SHAPE'],
    'no gradient': [{ ...reply(2, 0.1), tensors: [] }, 'BAD_SHAPE'],
    'a gradient with NaN': [reply(2, NaN), 'BAD_VALUE'],
    'the reply to another step': [reply(2, 0.1, 2), 'BAD_STATE'],
    'a model in the middle of a step': [model, 'BAD_STATE'],
    'train in the middle of a step': [train, 'BAD_STATE'],
    'a prediction nobody asked for': [{ type: 'prediction', id: 1, loss: null, tensors: [] }, 'BAD_STATE'],
    'a message only clients send': [smashed, 'BAD_STATE'],
    'a release where none trains': [{ type: 'joint', round: 0, step: 1, steps: 3 }, 'BAD_STATE'],
  };

  it.each(Object.entries(replies))('%s: costs that client its session, and no other', async (_, [message, code]) => {
    const { host, trainee } = await world();
    const [victim, other] = [await trainee(), await trainee()];
    victim.server.send(message);
    expect(await victim.below.until('error')).toMatchObject({ code });
    expect(await victim.server.until('error')).toMatchObject({ code });
    expect(await victim.server.next()).toBeNull();
    other.server.send(reply(2, 0.1));
    const answer = await other.below.until('cutGradient');
    expect(answer).toMatchObject({ step: 1, loss: 0.7, tensors: [{ shape: [2, 3] }] });
    host.close(new TandemError('CANCELLED', 'the test is over'));
  });

  it.each<[string, Message[], string]>([
    ['a model that is none', [welcome, { type: 'model', payload: Uint8Array.of(0x7b) }], 'BAD_MESSAGE'],
    ['weights before the model', [welcome, bottom], 'BAD_STATE'],
    ['train before its client is ready', [welcome, model, train], 'BAD_STATE'],
    ['two models', [welcome, model, model], 'BAD_STATE'],
    ['a model before the welcome', [model], 'BAD_STATE'],
    ['a refusal', [{ type: 'error', code: 'RUN_FULL', message: 'no place', action: 'wait', step: null }], 'RUN_FULL'],
  ])('%s at the beginning: the client is told', async (_, messages, code) => {
    const { join } = await world();
    const { below, server } = await join();
    server.send(...messages);
    expect(await below.until('error')).toMatchObject({ code });
  });

  it.each<[string, Message, string]>([
    ['too short', { ...bottom, payload: bottom.payload.slice(4) }, 'BAD_SHAPE'],
    ['not finite', { ...bottom, payload: new Uint8Array(bottom.payload.length).fill(0xff) }, 'BAD_VALUE'],
  ])('weights that are %s: the client is told', async (_, message, code) => {
    const { join } = await world();
    const { below, server } = await join();
    server.send(welcome, model);
    await below.until('model');
    below.send({ type: 'ready', samples: 5, testSamples: 0 });
    await server.until('ready');
    server.send(message);
    expect(await below.until('error')).toMatchObject({ code });
  });

  it('hangs up: the client is told', async () => {
    const { trainee } = await world();
    const { below, server } = await trainee();
    server.link.close();
    expect(await below.until('error')).toMatchObject({ code: 'LINK_LOST' });
  });
});
