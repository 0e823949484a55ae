import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Entrance } from '../../client/node/connect.js';
import type { Transport } from '../../shared/transport/transport.js';
import { decodeMessage, encodeMessage } from '../../shared/protocol/message-codec.js';
import { tinyTask } from '../helpers/tiny-task.js';
import { helloOf } from '../server/stranger.js';
import { http, Site } from './site.js';
import { someOf } from '../helpers/whole-suite.js';

const site = new Site();
/** Everybody here comes from one address, that of this machine. */
const counted = { limitLoopback: true };
const FILES = [
  'page.js',
  'page.css',
  'worker.js',
  ...readdirSync('dist/web/join').filter((name) => name.startsWith('chunk-')),
];

type Server = Awaited<ReturnType<Site['open']>>;

async function loadsPage(server: Server): Promise<number[]> {
  const paths = ['/join', ...FILES.slice(0, 8).map((file) => `/join/${file}`), '/run.json'];
  const method = (path: string) => (path === '/run.json' ? 'GET' : 'HEAD');
  return Promise.all(paths.map(async (path) => (await http(server, path, { method: method(path) })).status));
}

async function firstMessage(transport: Transport, role: 'train' | 'infer') {
  transport.send(encodeMessage(helloOf(role)));
  const first = await transport.frames()[Symbol.asyncIterator]().next();
  return decodeMessage(first.value as Uint8Array);
}

describe('a class behind one address', () => {
  it.each(
    someOf(
      [
        [21, 'without', false],
        [60, 'with invites', true],
      ],
      1,
    ),
  )('fills a run of %i places in a minute, with its pages and looks, %s', async (clients, _how, guarded) => {
    const many = { ...tinyTask, batch: 1 };
    const server = await site.open({ task: many, clients, limits: counted, ...(guarded ? { entry: site.entry } : {}) });
    const train = guarded ? await site.invited('train', null, clients) : undefined;
    const look = guarded ? await site.invited('infer', null, clients) : undefined;
    const links: Transport[] = [];
    for (let visitor = 0; visitor < clients; visitor++) {
      expect(new Set(await loadsPage(server)), `visitor ${visitor}`).toEqual(new Set([200]));
      const looks = await (await Entrance.open(look === undefined ? {} : { invite: look })).connect(server.url);
      expect(await firstMessage(looks, 'infer'), `visitor ${visitor}`).toMatchObject({ type: 'welcome' });
      looks.close();
      const link = await (await Entrance.open(train === undefined ? {} : { invite: train })).connect(server.url);
      expect(await firstMessage(link, 'train'), `visitor ${visitor}`).toMatchObject({
        type: 'welcome',
        client: visitor,
      });
      links.push(link);
    }
    links.forEach((link) => link.close());
  });

  it('is not locked out by one of it that shows nothing good, who is', async () => {
    const server = await site.open({ clients: 2, limits: counted, entry: site.entry });
    const good = await site.invited('train', null, 2);
    const member = await Entrance.open({ invite: good });
    (await member.connect(server.url)).close();
    const bad = async () =>
      (await Entrance.open({ invite: 'tandem-i0-x' })).connect(server.url).catch((error: unknown) => error);
    for (let times = 0; times < 3; times++) expect(await bad()).toMatchObject({ code: 'NO_ENTRY' });
    for (let times = 0; times < 3; times++) expect(await bad()).toMatchObject({ code: 'TOO_MANY' });
    // Who has been in comes back, who has a good invite comes in, and whoever wants sees the page that says so.
    (await member.connect(server.url)).close();
    (await (await Entrance.open({ invite: good })).connect(server.url)).close();
    expect(await loadsPage(server)).not.toContain(429);
  });

  it('is held to its number of requests all the same', async () => {
    const server = await site.open({ limits: { ...counted, requestsPerMinute: 9 }, entry: site.entry });
    const statuses = [];
    for (let times = 0; times < 12; times++) statuses.push((await http(server, '/join')).status);
    expect(statuses).toEqual([...Array.from({ length: 9 }, () => 200), 429, 429, 429]);
    const invites = await site.open({ limits: { ...counted, requestsPerMinute: 9 }, entry: site.entry });
    const guess = { method: 'POST', body: '{"invite":"tandem-i0-x"}' };
    const guesses = [];
    for (let times = 0; times < 12; times++) guesses.push((await http(invites, '/entry/ticket', guess)).status);
    expect(guesses).toEqual([401, 401, 401, ...Array.from({ length: 9 }, () => 429)]);
  });
});
