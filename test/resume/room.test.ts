import { describe, expect, it } from 'vitest';
import { TandemError } from '../../shared/errors.js';
import type { Message } from '../../shared/protocol/messages.js';
import { LastingLink } from '../../shared/session/lasting-link.js';
import { MOST_UNREAD } from '../../shared/session/numbering.js';
import { Cable } from '../helpers/cable.js';
import { turns } from './world-time.js';

/** More than may wait to be read, and far more than a link has room for. */
const COUNT = MOST_UNREAD + 301;

/** Two sides of a session over cables; each reads only while it is let. */
function openSession(room: number) {
  const losses: string[] = [];
  const server: LastingLink = new LastingLink({
    heartbeatSeconds: 60,
    lost: ({ message }) => losses.push(message),
    resuming: (message, transport) => server.resumed(transport, message),
  });
  const client = new LastingLink({ heartbeatSeconds: 60, lost: ({ message }) => losses.push(message) });
  server.last(0);
  client.last(0);
  client.session = 'a';
  let cable: Cable | undefined;
  return {
    server,
    client,
    losses,
    cut: () => cable?.cut(),
    link: () => {
      cable = new Cable({ room });
      // What a server does with a new link: its first message says which session it belongs to.
      const newcomer: LastingLink = new LastingLink({
        heartbeatSeconds: 60,
        lost: () => undefined,
        resuming: (message, transport) => server.resumed(transport, message),
      });
      newcomer.attach(cable.ends[1]);
      client.resume(cable.ends[0]);
    },
  };
}

const numbered = (step: number): Message => ({ type: 'trained', step, samples: 3, loss: 0.5 });
const answer = (step: number): Message => ({ type: 'applied', step, loss: 0.25 });

async function takeAll(link: LastingLink, count: number): Promise<number[]> {
  const steps: number[] = [];
  for await (const message of link.messages()) {
    link.took();
    steps.push((message as { step: number }).step);
    if (steps.length === count) break;
  }
  return steps;
}

describe('what is sent again', () => {
  it.each([1, 3])(
    'waits for room on both sides at once, and keeps its order with what is new (room for %i)',
    async (room) => {
      const { server, client, link, losses } = openSession(room);
      for (let i = 1; i <= COUNT; i++) {
        client.send(numbered(i));
        server.send(answer(i));
      }
      link();
      await turns(9);
      // While the rest is still on its way.
      client.send(numbered(COUNT + 1));
      server.send(answer(COUNT + 1));
      const [atServer, atClient] = await Promise.all([takeAll(server, COUNT + 1), takeAll(client, COUNT + 1)]);
      const all = Array.from({ length: COUNT + 1 }, (_, i) => i + 1);
      expect(atServer).toEqual(all);
      expect(atClient).toEqual(all);
      expect(losses).toEqual([]);
    },
  );

  it('goes on over the next link where one is lost in the middle of it', async () => {
    const { server, client, link, cut, losses } = openSession(2);
    for (let i = 1; i <= COUNT; i++) server.send(answer(i));
    const reading = takeAll(client, COUNT);
    for (let i = 0; i < 4; i++) {
      link();
      await turns(40 + 7 * i);
      cut();
      await turns(3);
    }
    link();
    expect(await reading).toEqual(Array.from({ length: COUNT }, (_, i) => i + 1));
    expect(losses).toContain('the cable was cut');
  });

  it('is sent over the next link where the other side was cut as too slow, and says why', async () => {
    const { server, client, link, losses } = openSession(2);
    for (let i = 1; i <= 19; i++) server.send(answer(i));
    const tooSlow = new TandemError('TOO_SLOW', '19 messages, 3.1 kB waited for 30 s and none of it was taken');
    const cutFrames = { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(tooSlow) }) };
    const silent = { send: () => undefined, hasRoom: false, onRoom: () => undefined, close: () => undefined };
    client.resume({ ...silent, frames: () => cutFrames });
    await turns(2);
    expect(losses).toEqual([tooSlow.message]);
    link();
    expect(await takeAll(client, 19)).toHaveLength(19);
  });

  it('makes its sender wait while its reader does nothing, for as long as that takes', async () => {
    const { server, client, link, losses } = openSession(2);
    for (let i = 1; i <= 2 * COUNT; i++) client.send(numbered(i));
    link();
    await turns(4 * COUNT);
    // Neither cut, nor taken in without bounds.
    expect(losses).toEqual([]);
    expect(server.isNew).toBe(false);
    expect(await takeAll(server, 2 * COUNT)).toHaveLength(2 * COUNT);
  });
});
