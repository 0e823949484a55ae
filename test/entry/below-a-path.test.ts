import { afterEach, describe, expect, it } from 'vitest';
import { Entrance } from '../../client/node/connect.js';
import { download } from '../../client/node/download.js';
import { httpUrl, serverAddress } from '../../client/server-address.js';
import { StrippingProxy } from '../helpers/stripping-proxy.js';
import type { ServeOptions } from '../../server/serve.js';
import { http, Site } from './site.js';

const site = new Site();
let proxy: StrippingProxy | undefined;
afterEach(() => proxy?.close());

describe('what a server has', () => {
  it.each([
    ['ws://a.test', 'http://a.test/entry/ticket', 'ws://a.test/'],
    ['ws://a.test:8080/', 'http://a.test:8080/entry/ticket', 'ws://a.test:8080/'],
    ['wss://a.test/tandem', 'https://a.test/tandem/entry/ticket', 'wss://a.test/tandem/'],
    ['wss://a.test/a/b%20c/', 'https://a.test/a/b%20c/entry/ticket', 'wss://a.test/a/b%20c/'],
    ['wss://a.test/tandem?room=3#x', 'https://a.test/tandem/entry/ticket', 'wss://a.test/tandem/?room=3'],
  ])('is below its address %s', (url, ticket, link) => {
    expect(httpUrl(url, '/entry/ticket')).toBe(ticket);
    expect(serverAddress(url).href).toBe(link);
  });
});

describe('a server below a path of a proxy', () => {
  it.each(['/tandem/', '/tandem', '/two/floors/'])('gives tickets, links and its model there: %s', async (path) => {
    const server = await site.open({ entry: site.entry, shareModel: true, trustProxy: true });
    proxy = await StrippingProxy.start(server.port, path.endsWith('/') ? path : `${path}/`);
    const url = `ws://${proxy.host}${path}`;
    const entrance = await Entrance.open({ invite: await site.invited('train', [0, 1]) });
    expect(await site.train(url, { entrance, shard: [0, 1] })).toBe(12);
    const { weights } = await download(url, { entrance });
    const { summary } = await server.finished;
    expect(weights.byteLength).toBeGreaterThan(200);
    expect(proxy.astray).toEqual([]);
    const direct = await site.open({ entry: site.entry });
    await site.train(direct.url, { invite: await site.invited('train', [0, 1]), shard: [0, 1] });
    expect((await direct.finished).summary.weightsHash).toBe(summary.weightsHash);
  });
});

describe('what a server says of where to join', () => {
  const said = async (options: Partial<ServeOptions>, headers: Record<string, string> = {}) => {
    const server = await site.open(options);
    return [server.port, /join (\S+)$/m.exec(await (await http(server, '/nothing', { headers })).text())?.[1]];
  };

  it('is the address it was asked at, by a proxy that is believed too, or the one it was given', async () => {
    const [port, plain] = await said({});
    expect(plain).toBe(`ws://127.0.0.1:${port}`);
    const proxied = {
      'x-forwarded-host': 'localhost:8443',
      'x-forwarded-proto': 'https',
      'x-forwarded-for': '203.0.113.5',
    };
    expect((await said({ trustProxy: true }, proxied))[1]).toBe('wss://localhost:8443');
    expect((await said({}, proxied))[1]).toMatch(/^ws:\/\/127\.0\.0\.1:\d+$/);
    expect((await said({ publicUrl: 'https://a.test/tandem/' }))[1]).toBe('wss://a.test/tandem/');
  });
});

describe('a server with a public address', () => {
  const opens = async (publicUrl: string, origin: string, host: string) => {
    const { url } = await site.open({ publicUrl, allowOrigin: [] });
    const { request } = await import('node:http');
    return new Promise((resolve) => {
      const { port } = new URL(url.replace('ws', 'http'));
      request({ port, path: '/run.json', headers: { origin, host } }, ({ statusCode }) => resolve(statusCode)).end();
    });
  };

  it('takes its own pages there, whatever name a proxy asks with', async () => {
    const own = 'https://train.test/tandem/';
    expect(await opens(own, 'https://train.test', '127.0.0.1:8080')).toBe(200);
    expect(await opens(own, 'https://train.test', 'train.test')).toBe(200);
    expect(await opens(own, 'https://other.test', '127.0.0.1:8080')).toBe(403);
    expect(await opens(own, 'http://train.test:8', '127.0.0.1:8080')).toBe(403);
  });

  it.each(['train.test', 'wss://train.test', 'https://', '/tandem/'])('is told that %j is none', async (publicUrl) => {
    await expect(site.open({ publicUrl })).rejects.toMatchObject({ code: 'BAD_OPTION', action: /https:\/\/train/ });
  });
});
