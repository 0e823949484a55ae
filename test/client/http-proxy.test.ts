import { createServer, type Server } from 'node:http';
import { connect as connectTcp, type AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Entrance } from '../../client/node/connect.js';
import { download } from '../../client/node/download.js';
import { WayOut } from '../../client/node/way-out.js';
import { Site } from '../entry/site.js';

const site = new Site();
const open: Server[] = [];
const CA = 'test/vectors/loopback-cert.pem';

afterEach(() => {
  vi.unstubAllEnvs();
  for (const server of open.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

/** A proxy as in offices: opens tunnels, or answers every wish for one with a status. */
async function officeProxy(status = 200, head = '') {
  const asked: string[] = [];
  const logins: (string | undefined)[] = [];
  const server = createServer((_, answer) => answer.writeHead(405).end());
  server.on('connect', ({ url = '', headers }, socket) => {
    asked.push(url);
    logins.push(headers['proxy-authorization']);
    socket.on('error', () => undefined);
    if (status !== 200) return void socket.end(`HTTP/1.1 ${status} No\r\n${head}content-length: 5\r\n\r\n<html`);
    const { hostname, port } = new URL(`http://${url}`);
    const above = connectTcp(Number(port), hostname, () => socket.write('HTTP/1.1 200 Connection established\r\n\r\n'));
    above.on('error', () => socket.destroy());
    above.pipe(socket).pipe(above);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push(server);
  return { asked, logins, host: `127.0.0.1:${(server.address() as AddressInfo).port}` };
}

describe('a client behind a proxy of its network', () => {
  it.each([
    ['without TLS', {}],
    ['with TLS', { tlsCert: CA, tlsKey: 'test/vectors/loopback-key.pem' }],
  ])('trains through it, tickets and model included, %s', async (_how, tls) => {
    const server = await site.open({ entry: site.entry, shareModel: true, ...tls });
    const proxy = await officeProxy();
    const invite = await site.invited('train');
    const entrance = await Entrance.open({ invite, ca: CA, proxy: `http://me:pass%20word@${proxy.host}` });
    expect(await site.train(server.url, { entrance })).toBe(12);
    await download(server.url, { entrance });
    // A challenge and a ticket for each of a link and two files, and those themselves.
    expect(proxy.asked).toEqual(Array.from({ length: 9 }, () => `127.0.0.1:${server.port}`));
    expect(new Set(proxy.logins)).toEqual(new Set([`Basic ${Buffer.from('me:pass word').toString('base64')}`]));
  });

  it.each<[number, string, string, RegExp]>([
    [407, 'proxyLogin', 'BAD_OPTION', /asks for a name and a password.*http:\/\/name:password@/],
    [403, 'proxyRefuses', 'BAD_ADDRESS', /does not let this client through to train\.test:8443 \(.*403\).*NO_PROXY/],
    [405, 'proxyRefuses', 'BAD_ADDRESS', /does not let this client through/],
    [502, 'proxyDown', 'UNREACHABLE', /the proxy does not reach train\.test:8443 for now/],
    [503, 'proxyDown', 'UNREACHABLE', /for now \(.*503\)/],
  ])('is told that it was the proxy that said %i, for links and for tickets', async (status, fault, code, line) => {
    const proxy = `http://${(await officeProxy(status)).host}`;
    for (const scheme of ['ws', 'wss']) {
      for (const entry of [{}, { invite: 'tandem-i0-x' }]) {
        const way = await Entrance.open({ ...entry, proxy });
        const error: unknown = await way.connect(`${scheme}://train.test:8443`).catch((thrown: unknown) => thrown);
        expect(error).toMatchObject({ fault, code, line: expect.stringMatching(line) as string });
      }
    }
  });

  it('is told that the proxy is not there, and never its password', async () => {
    const gone = await officeProxy();
    open.splice(0).forEach((server) => server.close());
    for (const proxy of [`http://me:secret@${gone.host}`, 'http://me:secret@proxy.invalid:3128']) {
      const error: unknown = await (
        await Entrance.open({ proxy })
      )
        .connect('wss://train.test')
        .catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({
        fault: 'proxyAway',
        code: 'UNREACHABLE',
        message: /between here and train\.test does not/,
      });
      expect(String((error as Error).message)).not.toContain('secret');
    }
  });

  it.each(['socks5://me:secret@127.0.0.1:1080', 'http://', '://x'])(
    'is told that %s is no proxy it can use',
    async (proxy) => {
      const error: unknown = await (
        await Entrance.open({ proxy })
      )
        .connect('wss://train.test')
        .catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'BAD_OPTION', action: /http:\/\/proxy\.example:3128/ });
      expect(String((error as Error).message)).not.toContain('secret');
    },
  );
});

describe('what the environment says', () => {
  const proxyFor = (url: string, env: Record<string, string>) => {
    for (const name of ['HTTPS_PROXY', 'HTTP_PROXY', 'NO_PROXY', 'ALL_PROXY']) {
      vi.stubEnv(name, undefined);
      vi.stubEnv(name.toLowerCase(), undefined);
    }
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
    return WayOut.to(url).agent?.proxy.href;
  };
  const [proxy, other] = ['http://proxy.test:3128/', 'http://other.test:8080/'];

  it.each<[string, string, Record<string, string>, string | undefined]>([
    ['for wss', 'wss://a.test/tandem/', { HTTPS_PROXY: proxy, HTTP_PROXY: other }, proxy],
    ['for ws', 'ws://a.test:8080', { https_proxy: proxy, http_proxy: other }, other],
    ['for tickets', 'https://a.test/entry/ticket', { https_proxy: proxy }, proxy],
    ['for all', 'wss://a.test', { ALL_PROXY: proxy }, proxy],
    ['without a scheme', 'wss://a.test', { HTTPS_PROXY: 'proxy.test:3128' }, proxy],
    ['that speaks TLS itself', 'wss://a.test', { HTTPS_PROXY: 'https://proxy.test:3128/' }, 'https://proxy.test:3128/'],
    ['not for an exception', 'wss://a.test', { HTTPS_PROXY: proxy, NO_PROXY: 'b.test,a.test' }, undefined],
    ['not for names below one', 'wss://x.a.test', { HTTPS_PROXY: proxy, no_proxy: '.a.test' }, undefined],
    ['for names below another', 'wss://x.a.test', { HTTPS_PROXY: proxy, no_proxy: '.b.test' }, proxy],
    ['not for any', 'wss://a.test', { HTTPS_PROXY: proxy, no_proxy: '*' }, undefined],
    ['not without it', 'wss://a.test', { HTTP_PROXY: proxy }, undefined],
    ...['localhost:8080', 'x.localhost', '127.0.0.1', '127.8.9.1:1', '[::1]:8080'].map(
      (host): [string, string, Record<string, string>, undefined] => [
        'not for this machine',
        `ws://${host}`,
        { HTTP_PROXY: proxy, ALL_PROXY: proxy },
        undefined,
      ],
    ),
  ])('is followed %s: %s', (_what, url, env, expected) => {
    expect(proxyFor(url, env)).toBe(expected);
  });

  it('gives way to a proxy that is named, for this machine too', () => {
    vi.stubEnv('HTTP_PROXY', other);
    expect(WayOut.to('ws://127.0.0.1:8080', proxy).agent?.proxy.href).toBe(proxy);
  });
});
