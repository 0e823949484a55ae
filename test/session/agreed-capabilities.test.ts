import { describe, expect, it } from 'vitest';
import { connect } from '../../client/node/join.js';
import { participate } from '../../client/participate.js';
import { relay } from '../../relay/relay.js';
import { serve } from '../../server/serve.js';
import { SessionLinks } from '../../server/session/session-links.js';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import type { RunEvent } from '../../shared/events.js';
import type { Message } from '../../shared/protocol/messages.js';
import { LastingLink } from '../../shared/session/lasting-link.js';
import { loopbackPair } from '../../shared/transport/loopback.js';
import { goldenMessages } from '../protocol/golden-messages.js';
import { tinyData, tinyTask } from '../helpers/tiny-task.js';
import { helloOf, Stranger } from '../server/stranger.js';

const keeper = { heartbeatSeconds: 15, lost: () => undefined };
const golden = goldenMessages;
const hello = { ...(golden['hello to train, first time'] as Message<'hello'>), capabilities: ['later', 'software'] };
const welcome = golden.welcome as Message<'welcome'>;
const ready: Message<'ready'> = { type: 'ready', samples: 7, testSamples: 3, software: 'Tandem 0.3 on odd things' };

describe('what a session has agreed on', () => {
  it('outlives links and crashes, on both sides', async () => {
    const [left, right] = loopbackPair();
    const client = new LastingLink({ ...keeper, back: () => undefined }).attach(left);
    const links = new SessionLinks({ graceSeconds: 30 });
    const server = links.open(right);
    client.send(hello);
    await server.messages().next();
    server.send(welcome);
    server.last();
    links.keep('s', server);
    await client.messages().next();
    client.send(ready);
    const first = server.messages();
    expect((await first.next()).value).toMatchObject(ready);
    server.took();
    expect([client.codec.agreed, server.codec.agreed]).toEqual([['software'], ['software']]);
    const after = JSON.parse(JSON.stringify([client.snapshot().agreed, server.snapshot().agreed])) as string[][];
    expect(after).toEqual([['software'], ['software']]);

    // Both have crashed, and go on over another link.
    const [again, above] = loopbackPair();
    const reopened = new SessionLinks({ graceSeconds: 30 });
    const restored = reopened.reopen(welcome.session, server.snapshot(), 0);
    reopened.open(above);
    const back = new LastingLink({ ...keeper, back: () => undefined }, client.snapshot());
    back.session = welcome.session;
    back.last();
    back.resume(again);
    back.send(ready);
    expect((await restored.messages().next()).value).toMatchObject(ready);
    for (const link of [client, back, server, restored]) link.close();
  });

  it('is what client, relay and server all know', async () => {
    const engine = await chooseEngine('tfjs');
    const events: RunEvent[] = [];
    const settings = { task: tinyTask, clients: 3, topology: 'multi-hop', seed: 5, epochs: 1, loadedEngine: engine };
    const server = await serve({ ...settings, onEvent: (event) => events.push(event) });
    const hop = await relay({ server: server.url, loadedEngine: engine });
    const talks = async (shard: number, capabilities: string[]) => {
      const stranger = (await Stranger.connect(hop.url)).send(helloOf('train', { shard: [shard, 3], capabilities }));
      return { stranger, names: (await stranger.receive('welcome')).capabilities };
    };
    const [some, none] = [await talks(0, ['later', 'software']), await talks(1, [])];
    expect([some.names, none.names]).toEqual([['software'], []]);
    const data = tinyData(14);
    const third = participate({
      transport: await connect(hop.url),
      data,
      engine,
      place: [2, 3],
      software: 'Tandem 7.3',
    });
    const step = third.next().catch(() => undefined);
    await none.stranger.receive('model');
    none.stranger.send({ type: 'ready', samples: 7, testSamples: 0 });
    const joined = () => events.flatMap((event) => (event.kind === 'client-joined' ? [event.software ?? null] : []));
    await expect.poll(() => joined().sort()).toEqual(['Tandem 7.3', null]);
    some.stranger.vanish();
    none.stranger.vanish();
    await Promise.all([hop.close(), server.close()]);
    await step;
  });
});
