import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer as createHttp, type RequestListener } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { createServer as createTcp, type AddressInfo, type Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { faultOfAnswer, LinkFault, linkFaults, waitAfter, withWait } from '../../client/link-faults.js';
import { faultOfError } from '../../client/node/fault-of-error.js';
import { linkLine, type LinkNews } from '../../client/link-news.js';
import { Entrance } from '../../client/node/connect.js';
import { patiently } from '../../client/reconnect.js';
import { asTandemError, TandemError } from '../../shared/errors.js';
import { HandClock } from '../helpers/hand-clock.js';

const open: Server[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await new Promise((resolve) => server.close(resolve));
});

async function portOf(server: Server): Promise<number> {
  open.push(server.listen(0, '127.0.0.1'));
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** How an attempt to come in fails, with a ticket and without. */
async function failures(url: string): Promise<TandemError[]> {
  const ways = [await Entrance.open(), await Entrance.open({ invite: 'any' })];
  const attempts = ways.map((way) => way.connect(url).then(() => new Error('it came in'), asTandemError));
  return Promise.all(attempts.map(async (attempt) => (await attempt) as TandemError));
}

const page = '<html><body><h1>Not now</h1></body></html>';
const answers: [keyof typeof linkFaults, string, RequestListener][] = [
  ['down', 'a 503 page', (_, to) => to.writeHead(503, { 'content-type': 'text/html' }).end(page)],
  ['down', 'a 504 without a word', (_, to) => to.writeHead(504).end()],
  [
    'down',
    'a 502 page that is long',
    (_, to) => to.writeHead(502, { 'content-type': 'text/html' }).end('x'.repeat(40_000)),
  ],
  ['busy', 'a proxy that counts requests', (_, to) => to.writeHead(429, { 'retry-after': '7' }).end(page)],
  ['notFound', 'a 404', (_, to) => to.writeHead(404, { 'content-type': 'text/html' }).end(page)],
  ['moved', 'a redirect', (_, to) => to.writeHead(308, { location: 'https://elsewhere.example/run' }).end()],
  ['notTandem', 'a page with 200', (_, to) => to.writeHead(200, { 'content-type': 'text/html' }).end(page)],
  ['notTandem', 'a login', (_, to) => to.writeHead(401, { 'www-authenticate': 'Basic' }).end()],
];

describe('a link that cannot be opened', () => {
  it.each(answers)('is %s for %s, whichever request meets it', async (fault, _how, answer) => {
    const port = await portOf(createHttp(answer));
    for (const error of await failures(`ws://127.0.0.1:${port}`)) {
      expect(error).toMatchObject({ fault, code: linkFaults[fault].code });
      expect(error.message).toContain(String(port));
    }
  });

  it('is reset where the other side hangs up, before and within its answer', async () => {
    const [atOnce, midway] = [
      createTcp((socket) => socket.destroy()),
      createTcp((socket) => socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{'))),
    ];
    for (const error of await failures(`ws://127.0.0.1:${await portOf(atOnce)}`))
      expect(error).toMatchObject({ fault: 'reset' });
    const [, ticket] = await failures(`ws://127.0.0.1:${await portOf(midway)}`);
    expect(ticket).toMatchObject({ fault: 'reset' });
  });

  it('is refused where nobody listens, and not HTTP where something else does', async () => {
    const server = createTcp();
    const port = await portOf(server);
    await new Promise((resolve) => open.pop()?.close(resolve));
    for (const error of await failures(`ws://127.0.0.1:${port}`)) expect(error).toMatchObject({ fault: 'refused' });
    const ssh = await portOf(
      createTcp((socket) =>
        socket
          .on('error', () => undefined)
          .resume()
          .end('SSH-2.0-x\r\n'),
      ),
    );
    for (const error of await failures(`ws://127.0.0.1:${ssh}`)) expect(error).toMatchObject({ fault: 'notTandem' });
  });

  it('names the scheme that is wrong, and what is wrong with a certificate', async () => {
    const [key, cert] = await Promise.all(['key', 'cert'].map((name) => readFile(`test/vectors/loopback-${name}.pem`)));
    const tls = await portOf(createHttps({ key: key!, cert: cert! }, (_, to) => to.end()));
    const plain = await portOf(createHttp((_, to) => to.end()));
    const faultsAt = async (url: string) => (await failures(url)).map((error) => (error as LinkFault).fault);
    expect(await faultsAt(`ws://127.0.0.1:${tls}`)).toEqual(['needsTls', 'needsTls']);
    expect(await faultsAt(`wss://127.0.0.1:${plain}`)).toEqual(['noTls', 'noTls']);
    expect(await faultsAt(`wss://127.0.0.1:${tls}`)).toEqual(['untrusted', 'untrusted']);
  });

  it.each([
    ['CERT_HAS_EXPIRED', 'expired'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'wrongName'],
    ['CERT_NOT_YET_VALID', 'notYetValid'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'chain'],
    ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'chain'],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'untrusted'],
    ['CERT_REVOKED', 'untrusted'],
    ['ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE', 'noCommonTls'],
    ['ENOTFOUND', 'noName'],
    ['EAI_AGAIN', 'noLookup'],
    ['ENETUNREACH', 'noWay'],
    ['ETIMEDOUT', 'silent'],
  ])('%s is %s', (code, fault) => {
    const error = faultOfError('https://a.example:81/tickets', Object.assign(new Error('no'), { code }));
    expect(error).toMatchObject({ fault });
    expect(error.message).toContain('a.example:81');
  });

  it('has one sentence for each reason', () => {
    const lines = Object.keys(linkFaults).map(
      (name) => new LinkFault(name as keyof typeof linkFaults, 'ws://b:1', 'd').line,
    );
    expect(new Set(lines).size).toBe(lines.length);
  });
});

describe('waiting', () => {
  const url = 'ws://c.example';
  const named = (name: keyof typeof linkFaults) => new LinkFault(name, url, 'detail');

  it('is done where something can come back, the longer the more is known of the server', () => {
    const waits = (error: TandemError) =>
      (['new', 'expected', 'known'] as const).map((at) => waitAfter(error, at) !== null);
    for (const name of ['reset', 'down', 'busy'] as const) expect(waits(named(name))).toEqual([true, true, true]);
    for (const name of ['refused', 'silent', 'noWay', 'noLookup'] as const)
      expect(waits(named(name))).toEqual([false, true, true]);
    for (const name of ['noName', 'notFound', 'moved', 'notTandem'] as const)
      expect(waits(named(name))).toEqual([false, false, true]);
    for (const name of ['chain', 'expired', 'wrongName', 'needsTls', 'noTls'] as const)
      expect(waits(named(name))).toEqual([false, false, false]);
    expect(waits(new TandemError('NO_ENTRY', 'no'))).toEqual([false, false, false]);
  });

  it('takes as long as somebody asks, in seconds or until a date, and no longer than ten minutes', () => {
    const asked = (retryAfter: string) =>
      waitAfter(faultOfAnswer(url, { status: 503, type: '', retryAfter }), 'new')?.seconds;
    expect(asked('31')).toBe(31);
    expect(asked('987654')).toBe(600);
    expect(asked(new Date(Date.now() + 45_000).toUTCString())).toBeCloseTo(45, -1);
    expect(asked('soon')).toBe(0);
    const refusal = new TandemError('TOO_MANY', 'too many', 'wait 17 seconds');
    expect(waitAfter(withWait(refusal, '17'), 'new')?.seconds).toBe(17);
    expect(waitAfter(withWait(refusal, null), 'new')?.seconds).toBe(5);
  });

  it('goes through every pause that was asked for, says why once, and comes in', async () => {
    class Noting extends HandClock {
      readonly asked: number[] = [];
      override after(seconds: number, callback: () => void) {
        this.asked.push(seconds);
        return super.after(seconds, callback);
      }
    }
    const [clock, news]: [Noting, LinkNews[]] = [new Noting(), []];
    const wrong = [11, 11, 0].map((seconds) => new LinkFault('down', url, '502', seconds));
    const coming = patiently(
      () => (wrong.length > 0 ? Promise.reject(wrong.shift()!) : Promise.resolve('in')),
      { clock, random: () => 0, onNews: (told) => news.push(told) },
      'new',
    );
    for (let tries = 0; tries < 4; tries++) {
      await new Promise(setImmediate);
      clock.pass();
    }
    expect(await coming).toBe('in');
    expect(clock.asked).toEqual([11, 11, 0]);
    expect(news.map(linkLine)).toEqual([expect.stringMatching(/not there for now \(502\); trying for 5 minutes$/)]);
  });

  it('ends at once for what cannot pass', async () => {
    const wrong = new LinkFault('chain', url);
    await expect(patiently(() => Promise.reject(wrong), {}, 'known')).rejects.toBe(wrong);
  });
});
