import { describe, expect, it } from 'vitest';
import { SessionLinks } from '../../server/session/session-links.js';
import type { LinkChange } from '../../shared/events.js';
import type { Message } from '../../shared/protocol/messages.js';
import { LastingLink } from '../../shared/session/lasting-link.js';
import { goldenMessages } from '../protocol/golden-messages.js';
import { Cable } from '../helpers/cable.js';
import { HandClock } from '../helpers/hand-clock.js';

const hello = goldenMessages['hello to train, first time'] as Message<'hello'>;
const welcome = goldenMessages.welcome as Message<'welcome'>;
const ready: Message<'ready'> = { type: 'ready', samples: 7, testSamples: 3 };

/** A client that has been welcomed, and says `said` before its link breaks: what the server tells of that. */
async function broken(said: readonly Message[]) {
  const clock = new HandClock();
  const links = new SessionLinks({ graceSeconds: 31, clock });
  const cable = new Cable({ room: 3 });
  const client = new LastingLink({ heartbeatSeconds: 15, lost: () => undefined, clock }).attach(cable.ends[0]);
  const server = links.open(cable.ends[1]);
  const changes: LinkChange[] = [];
  server.onChange = (change) => changes.push(change);
  const messages = server.messages();
  client.send(hello);
  await messages.next();
  server.send(welcome);
  links.keep('s', server);
  for (const message of said) {
    client.send(message);
    await messages.next();
    server.took();
  }
  let end: unknown;
  const ended = messages.next().catch((error: unknown) => (end = error));
  cable.cut();
  for (let i = 0; i < 3; i++) await new Promise(setImmediate);
  const early = end;
  while (clock.pass());
  await ended;
  return { told: changes.map(({ what }) => what), early, end };
}

describe('a link that breaks', () => {
  it('before its client was ready ends the session at once, and nobody is told that it is waited for', async () => {
    const { told, early } = await broken([]);
    expect(told).toEqual([]);
    expect(early).toMatchObject({ code: 'LINK_LOST', message: 'before the client was ready, the cable was cut' });
  });

  it('afterwards leaves it the time it was told', async () => {
    const { told, early, end } = await broken([ready]);
    expect(told).toEqual(['lost']);
    expect(early).toBeUndefined();
    expect(end).toMatchObject({ code: 'LINK_LOST', message: expect.stringContaining('within 31 s') as string });
  });
});
