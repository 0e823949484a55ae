import { describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { join as joinRun } from '../../client/node/join.js';
import type { RunningServer } from '../../server/serve.js';
import { tinyData } from '../helpers/tiny-task.js';
import { helloOf, Stranger } from '../server/stranger.js';
import { http, Site } from './site.js';

const site = new Site();

describe('pages', () => {
  const statusFor = (server: RunningServer, origin: string, protocols: string[] = []) =>
    new Promise<number>((resolve) => {
      const socket = new WebSocket(server.url, protocols, { origin });
      socket.on('error', () => undefined);
      socket.on('unexpected-response', (_, { statusCode = 0 }) => resolve(statusCode));
      socket.on('open', () => {
        resolve(101);
        socket.close();
      });
    });

  it('of this machine come in where nothing else is said, others do not', async () => {
    const server = await site.open();
    const wanted = { 'http://127.0.0.1:9': 101, 'http://localhost': 101, 'http://[::1]:3': 101 };
    const unwanted = ['https://evil.example', 'null', 'http://127.0.0.1.evil.example', 'http://localhost@evil.example'];
    for (const [origin, status] of Object.entries(wanted)) expect(await statusFor(server, origin), origin).toBe(status);
    for (const origin of unwanted) expect(await statusFor(server, origin), origin).toBe(403);
  });

  it('come in by the list where there is one', async () => {
    const server = await site.open({ allowOrigin: ['https://lab.example:8443'] });
    expect(await statusFor(server, 'https://lab.example:8443')).toBe(101);
    for (const origin of ['https://lab.example', 'http://lab.example:8443', 'http://localhost']) {
      expect(await statusFor(server, origin), origin).toBe(403);
    }
  });

  it('carry their ticket as a subprotocol, which is not repeated to them', async () => {
    const server = await site.open({ entry: site.entry, allowOrigin: ['https://lab.example'] });
    const init = { method: 'POST', body: JSON.stringify({ invite: await site.invited('train') }) };
    const exchange = await http(server, '/entry/ticket', { ...init, headers: { origin: 'https://lab.example' } });
    expect(exchange.headers.get('access-control-allow-origin')).toBe('https://lab.example');
    const { ticket } = (await exchange.json()) as { ticket: string };
    const socket = new WebSocket(server.url, ['tandem', `tandem.ticket.${ticket}`], { origin: 'https://lab.example' });
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    expect(socket.protocol).toBe('tandem');
    socket.terminate();
    const elsewhere = await http(server, '/entry/ticket', { ...init, headers: { origin: 'https://evil.example' } });
    expect(elsewhere.status).toBe(403);
    expect(elsewhere.headers.get('access-control-allow-origin')).toBeNull();
  });
});

describe('what a server says over HTTP', () => {
  it('how it is', async () => {
    const server = await site.open({ keepServing: true });
    const told = async (path: string) => {
      const answer = await http(server, path);
      return [answer.status, await answer.text()];
    };
    expect(await told('/healthz')).toEqual([200, 'ok\n']);
    expect(await told('/readyz')).toEqual([200, 'ready\n']);
    await site.train(server.url);
    await server.finished;
    expect(await told('/readyz')).toEqual([200, 'finished\n']);
    expect((await http(server, '/nothing')).status).toBe(426);
  });

  it('that it is not ready once its run has failed', async () => {
    const server = await site.open({ keepServing: true });
    const run = joinRun(server.url, { data: tinyData(), loadedEngine: site.engine });
    await run[Symbol.asyncIterator]().next();
    await run.leave();
    await expect(server.finished).rejects.toMatchObject({ code: 'NO_CLIENTS' });
    const answer = await http(server, '/readyz');
    expect([answer.status, await answer.text()]).toEqual([503, 'failed\n']);
  });

  it('that it drains when it is being stopped, which is no failure', async () => {
    const server = await site.open();
    // A link that never answers a close keeps the port open for a moment.
    const silent = (await Stranger.connect(server.url)).send(helloOf('train'));
    await silent.receive('model');
    silent.socket.pause();
    const drained = server.drain();
    const answer = await http(server, '/readyz');
    expect([answer.status, await answer.text()]).toEqual([503, 'draining\n']);
    await drained;
    await expect(server.finished).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  it('its metrics: to this machine, but not through a proxy; to others with the role', async () => {
    const server = await site.open({ entry: site.entry, keepServing: true });
    await site.train(server.url, { invite: await site.invited('train') });
    await server.finished;
    const mine = await http(server, '/metrics');
    expect(mine.headers.get('content-type')).toContain('version=0.0.4');
    const text = await mine.text();
    expect(text).toMatch(/^tandem_steps_total 12$/m);
    expect(text).toMatch(/^tandem_samples_total 82$/m);
    expect(text).toMatch(/^tandem_messages_total{direction="in",message="smashed"} 12$/m);
    expect(text).toMatch(/^tandem_answer_seconds_count{message="cutGradient"} 12$/m);
    expect(text).toMatch(/^tandem_entries_total{role="train"} 1$/m);
    const through = { 'x-forwarded-for': '203.0.113.7' };
    const status = async (headers: Record<string, string>) => (await http(server, '/metrics', { headers })).status;
    expect(await status(through)).toBe(401);
    expect(await status({ ...through, authorization: `Bearer ${await site.invited('metrics')}` })).toBe(200);
    expect(await status({ ...through, authorization: `Bearer ${await site.invited('train')}` })).toBe(403);
    await vi.waitFor(async () => expect(await (await http(server, '/metrics')).text()).toMatch(/^tandem_links 0$/m));
  });

  it('nothing to requests that are no requests for tickets', async () => {
    const server = await site.open({ entry: site.entry });
    const status = async (body: string) => (await http(server, '/entry/ticket', { method: 'POST', body })).status;
    expect(await status('no JSON')).toBe(400);
    expect(await status('null')).toBe(400);
    expect(await status('{"invite":{"a":1}}')).toBe(400);
    expect(await status('{"__proto__":"x"}')).toBe(400);
    expect(await status(`{"invite":"${'x'.repeat(5000)}"}`)).toBe(413);
    expect((await http(await site.open(), '/entry/ticket', { method: 'POST', body: '{}' })).status).toBe(400);
  });
});

describe('links that ask for predictions', () => {
  it('are as many at once as the server was told, and make room when they close', async () => {
    const server = await site.open({ limits: { inferring: 2 } });
    const ask = async () => (await Stranger.connect(server.url)).send(helloOf('infer'));
    const [first, second] = [await ask(), await ask()];
    await Promise.all([first.receive('bottom'), second.receive('bottom')]);
    const third = await ask();
    expect(await third.ending).toEqual({ error: 'RUN_FULL', status: 4409, reason: 'RUN_FULL' });
    first.vanish();
    await vi.waitFor(async () => expect(await (await ask()).receive('bottom')).toMatchObject({ type: 'bottom' }));
  });
});
