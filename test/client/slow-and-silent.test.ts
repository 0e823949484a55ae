import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { LinkNews } from '../../client/link-news.js';
import { Entrance } from '../../client/node/connect.js';
import { participate } from '../../client/participate.js';
import type { RunEvent } from '../../shared/events.js';
import { defineTask, type Task } from '../../shared/task.js';
import type { Transport } from '../../shared/transport/transport.js';
import { createHost } from '../../server/create-host.js';
import { listen } from '../../server/listen.js';
import { resolveRun, type RunOptions } from '../../shared/config.js';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import type { Engine } from '../../shared/engine/engine.js';
import { tinyData, tinyTask } from '../helpers/tiny-task.js';

/** So fast that silence is 0.6 s. */
const heartbeatSeconds = 0.2;

let engine: Engine;
beforeAll(async () => {
  engine = await chooseEngine('tfjs');
});

/** A server of one client. */
async function open(task: Task, options: RunOptions) {
  const events: RunEvent[] = [];
  const settings = resolveRun(task, { clients: 1, seed: 5, ...options });
  const about = { task, settings, engine, transport: 'websocket', graceSeconds: 20, heartbeatSeconds };
  const host = await createHost({ ...about, onEvent: (event) => void events.push(event) });
  const { maxMessageBytes } = host;
  const onTransport = (transport: Transport) => void host.accept(transport);
  const listener = await listen({ host: '127.0.0.1', port: 0, maxMessageBytes, onTransport });
  const finished = host.finished.finally(() => void listener.close());
  return { port: listener.port, finished, events };
}

/** Passes bytes on, no more than so many a second each way; what is there can be made to swallow everything. */
class Wire {
  links = 0;
  private readonly sockets = new Set<Socket>();
  private swallowed = new WeakSet<Socket>();
  private server: Server | undefined;

  async open(upstream: number, bytesPerSecond = Infinity): Promise<string> {
    this.server = createServer({ highWaterMark: 16_384 }, (near) => {
      this.links++;
      const far = connect(upstream, '127.0.0.1');
      this.pass(near, far, bytesPerSecond);
      this.pass(far, near, bytesPerSecond);
      for (const socket of [near, far]) {
        this.sockets.add(socket);
        socket.on('error', () => undefined);
        socket.on('close', () => {
          if (this.swallowed.has(near)) return;
          near.destroy();
          far.destroy();
        });
      }
    });
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return `ws://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** From now on nothing passes over the links that are there. */
  swallow(): void {
    this.swallowed = new WeakSet(this.sockets);
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server?.close(resolve));
  }

  private pass(from: Socket, to: Socket, bytesPerSecond: number): void {
    let freeMs = 0;
    from.on('data', (chunk: Buffer) => {
      if (this.swallowed.has(from)) return;
      freeMs = Math.max(freeMs, performance.now()) + (1000 * chunk.length) / bytesPerSecond;
      from.pause();
      setTimeout(() => {
        to.write(chunk);
        from.resume();
      }, freeMs - performance.now());
    });
  }
}

let wire: Wire;
afterEach(() => wire.close());

/** Trains over the wire. */
async function train(url: string, onStep: (step: number) => void = () => undefined) {
  const news: LinkNews[] = [];
  const entrance = await Entrance.open();
  const steps = participate({
    transport: await entrance.connect(url),
    reconnect: { connect: (address) => entrance.connect(address ?? url), onNews: (told) => news.push(told) },
    heartbeatSeconds,
    data: tinyData(),
    engine,
  });
  for (let next = await steps.next(); !next.done; next = await steps.next()) onStep(next.value.step);
  return news.map(({ kind }) => kind);
}

/** A bottom of 480 kB, which goes down at the start and up and down again each round. */
const wideTask = defineTask({
  ...tinyTask,
  name: 'wide',
  cuts: {},
  model: () =>
    tf.sequential({
      layers: [
        tf.layers.dense({ name: 'first', units: 340, inputShape: [4] }),
        tf.layers.dense({ name: 'second', units: 340 }),
        tf.layers.dense({ name: 'hidden', units: 5 }),
        tf.layers.dense({ name: 'logits', units: 3 }),
      ],
    }),
});

const linkEvents = (events: readonly RunEvent[]) =>
  events.flatMap((event) => (event.kind === 'link' ? [event.change.what] : []));

describe('a link', () => {
  it('is kept while one message takes many times as long as silence may, up and down', async () => {
    wire = new Wire();
    const server = await open(wideTask, { schedule: 'splitfed-v1', epochs: 1 });
    const url = await wire.open(server.port, 600_000);
    expect(await train(url)).toEqual([]);
    await server.finished;
    expect(wire.links).toBe(1);
    expect(linkEvents(server.events)).toEqual([]);
  });

  it('that swallows everything is left for another one, and both sides say so', async () => {
    wire = new Wire();
    const server = await open(tinyTask, { epochs: 12 });
    const url = await wire.open(server.port);
    const news = await train(url, (step) => {
      if (step === 3) wire.swallow();
    });
    expect(news).toEqual(['silent', 'back']);
    expect((await server.finished).summary.steps).toBe(6 * 12);
    expect(wire.links).toBe(2);
    expect(linkEvents(server.events).at(-1)).toBe('back');
  });
});
