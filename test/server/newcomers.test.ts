import * as tf from '@tensorflow/tfjs';
import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { join } from '../../client/node/join.js';
import { serve, type RunningServer } from '../../server/serve.js';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import type { Engine } from '../../shared/engine/engine.js';
import type { OnEvent } from '../../shared/events.js';
import { defineTask } from '../../shared/task.js';
import { tinyData, tinyTask } from '../helpers/tiny-task.js';
import { helloOf, Stranger } from './stranger.js';

let engine: Engine;
beforeAll(async () => {
  engine = await chooseEngine('tfjs');
});

let server: RunningServer;
afterEach(async () => {
  server.finished.catch(() => undefined);
  await server.close();
});

async function open(limits: object, task = tinyTask, onEvent?: OnEvent): Promise<RunningServer> {
  server = await serve({ task, seed: 5, loadedEngine: engine, limits, ...(onEvent ? { onEvent } : {}) });
  return server;
}

/** Small queries, and a bottom that is large beside them. */
const bottomHeavy = defineTask({
  ...tinyTask,
  name: 'bottom-heavy',
  cuts: {},
  model: () =>
    tf.sequential({
      layers: [
        tf.layers.dense({ units: 500, inputShape: [4] }),
        tf.layers.dense({ name: 'hidden', units: 200 }),
        tf.layers.dense({ name: 'logits', units: 3 }),
      ],
    }),
});

describe('sockets whose clients have not said who they are', () => {
  it('make way for a client that says it, and never push it out', async () => {
    let links = 0;
    const count: OnEvent = (event) => (links += event.kind === 'access' && event.what === 'link-opened' ? 1 : 0);
    const { port, url, finished } = await open({ newcomers: 5 }, tinyTask, count);
    const silent: Socket[] = [];
    const crowd = async () => {
      for (let i = 0; i < 8; i++) {
        silent.push(connect(port, '127.0.0.1').on('error', () => undefined));
        await once(silent.at(-1)!, 'connect');
      }
      await vi.waitFor(() => expect(silent.filter(({ readyState }) => readyState === 'open')).toHaveLength(5));
    };
    await crowd();
    let steps = 0;
    for await (const _ of join(url, { data: tinyData(), loadedEngine: engine })) if (++steps === 2) await crowd();
    await finished;
    expect(steps).toBeGreaterThan(2);
    // It never had to come back.
    expect(links).toBe(1);
    silent.forEach((socket) => socket.destroy());
  });

  it('have no more time for having said something else', async () => {
    const { url } = await open({ helloSeconds: 1 });
    const stranger = (await Stranger.connect(url)).send({ type: 'ping' });
    expect(await stranger.ending).toMatchObject({ error: 'TOO_SLOW' });
  });
});

describe('a message that is not complete', () => {
  const half = (stranger: Stranger, kilobytes: number) => {
    for (let i = 0; i < kilobytes; i++) stranger.socket.send(new Uint8Array(1024), { fin: false });
  };

  it('is as small as a hello before there is one', async () => {
    const { url } = await open({}, bottomHeavy);
    const stranger = (await Stranger.connect(url)).send({ type: 'ping' });
    await stranger.receive('settled');
    half(stranger, 20);
    expect(await stranger.ending).toMatchObject({ status: 1009 });
  });

  it('is as small as a query of who only asks for predictions, and as large as a bottom of who trains', async () => {
    const { url } = await open({}, bottomHeavy);
    const asking = (await Stranger.connect(url)).send(helloOf('infer'));
    await asking.receive('bottom');
    half(asking, 200);
    expect(await asking.ending).toMatchObject({ status: 1009 });
    const training = (await Stranger.connect(url)).send(helloOf('train'));
    await training.receive('model');
    half(training, 200);
    training.socket.send(new Uint8Array(0), { fin: true });
    // Read to its end, and found to be no message.
    expect(await training.ending).toMatchObject({ error: 'BAD_FRAME' });
  });
});
