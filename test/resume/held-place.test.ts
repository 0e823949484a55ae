import { describe, expect, it } from 'vitest';
import { FreshStart } from '../../client/fresh-start.js';
import type { LinkNews } from '../../client/link-news.js';
import { participate } from '../../client/participate.js';
import { createHost } from '../../server/create-host.js';
import { resolveRun } from '../../shared/config.js';
import { dealData } from '../../shared/data/partition.js';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import { TandemError } from '../../shared/errors.js';
import { FrameQueue } from '../../shared/transport/frame-queue.js';
import { loopbackPair } from '../../shared/transport/loopback.js';
import type { Transport } from '../../shared/transport/transport.js';
import { tinyData, tinyTask } from '../helpers/tiny-task.js';

/** Over which nothing comes back, and whose end the server learns of later. */
function deaf(inner: Transport): Transport {
  const silence = new FrameQueue();
  return {
    send: (bytes) => inner.send(bytes),
    hasRoom: true,
    onRoom: (callback) => inner.onRoom(callback),
    frames: () => silence,
    close: () => {
      silence.end();
      setTimeout(() => inner.close(4999, 'late'), 500);
    },
  };
}

/** A client of a run for one, over whose first link nothing comes back. */
async function withLostWelcome(news: (each: LinkNews) => void, leave?: AbortSignal) {
  const engine = await chooseEngine('tfjs');
  const settings = resolveRun(tinyTask, { clients: 1, steps: 3, batch: 5, roundSteps: 3, seed: 7 });
  const host = await createHost({ task: tinyTask, settings, engine, transport: 'loopback', graceSeconds: 20 });
  let links = 0;
  const connect = () => {
    const [near, far] = loopbackPair();
    void host.accept(far);
    links++;
    return Promise.resolve(links === 1 ? deaf(near) : near);
  };
  const [data] = dealData(tinyData(), settings);
  if (!data) throw new Error('there is data');
  const reconnect = { connect, backoff: { firstSeconds: 0.001, capSeconds: 0.002 }, onNews: news };
  const place = [0, 1] as const;
  const options = { transport: await connect(), data, engine, place, heartbeatSeconds: 0.05, reconnect, leave };
  return { host, steps: participate(options) };
}

describe('a client whose welcome was lost', () => {
  it('gets the place back that its first link still holds', async () => {
    const news: LinkNews[] = [];
    const { host, steps } = await withLostWelcome((each) => news.push(each));
    for await (const _ of steps);
    expect((await host.finished).summary.steps).toBe(3);
    const reason = 'the server refused: shard 0/1 has already joined';
    expect(news).toContainEqual(expect.objectContaining({ kind: 'waiting', reason }));
  });

  it('may leave while it waits for it', async () => {
    const leaving = new AbortController();
    let leftMs = Infinity;
    const { steps } = await withLostWelcome(({ kind }) => {
      if (kind !== 'waiting') return;
      leftMs = performance.now();
      leaving.abort();
    }, leaving.signal);
    await expect(steps.next()).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(performance.now() - leftMs).toBeLessThan(1000);
  });
});

describe('a client that is told that the run is full', () => {
  const reconnect = { connect: () => Promise.reject(new Error('is not called here')) };
  const full = new TandemError('RUN_FULL', 'shard 0/1 has already joined');
  const lost = new TandemError('LINK_LOST', 'nothing was heard');
  const gone = new TandemError('SESSION_LOST', 'no such session is known here');
  const named = { leave: undefined, namesPlace: true };
  const canStartOver = ({ code }: TandemError) => code !== 'RUN_FULL';
  const [unheard, welcome] = [false, true].map((isWelcome) => ({ isWelcome, canStartOver }));
  if (!unheard || !welcome) throw new Error('there are two');

  it('asks ten times where its own link may hold its place', () => {
    for (const why of [lost, gone]) {
      const start = new FreshStart(reconnect, named);
      expect(start.after(why, unheard)).toBeDefined();
      let asks = 0;
      while (start.after(full, unheard) && asks < 99) asks++;
      expect(asks).toBe(10);
      // And again where the next welcome is lost as well.
      expect(start.after(why, unheard)).toBeDefined();
      expect(start.after(full, unheard)).toBeDefined();
    }
  });

  it.each([
    ['nothing was lost before', named, undefined],
    ['its session was known and is gone', named, { why: gone, session: welcome }],
    ['it says of no place that it is its own', { ...named, namesPlace: false }, { why: lost, session: unheard }],
  ])('takes that for an answer where %s', (_what, options, before) => {
    const start = new FreshStart(reconnect, options);
    if (before) expect(start.after(before.why, before.session)).toBeDefined();
    expect(start.after(full, unheard)).toBeUndefined();
  });
});
