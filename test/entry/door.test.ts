import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { connect, Entrance } from '../../client/node/connect.js';
import { join as joinRun } from '../../client/node/join.js';
import { predict } from '../../client/node/predict.js';
import { InviteBook } from '../../server/entry/invite-book.js';
import { serve, type RunningServer, type ServeOptions } from '../../server/serve.js';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import type { Engine } from '../../shared/engine/engine.js';
import type { RunEvent } from '../../shared/events.js';
import { tinyData, tinyTask } from '../helpers/tiny-task.js';

let engine: Engine;
let folder: string;
let entry: string;
let book: InviteBook;
let servers: RunningServer[] = [];
const events: RunEvent[] = [];

beforeAll(async () => {
  engine = await chooseEngine('tfjs');
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tandem-door-'));
  entry = join(folder, 'entry');
  book = await InviteBook.open(entry);
  events.length = 0;
});
afterEach(async () => {
  await Promise.all(servers.map((server) => server.close()));
  servers = [];
});

async function open(options: Partial<ServeOptions> = {}): Promise<RunningServer> {
  const onEvent = (event: RunEvent) => void events.push(event);
  const server = await serve({ task: tinyTask, seed: 5, loadedEngine: engine, onEvent, ...options });
  servers.push(server);
  return server;
}

async function invited(role: 'train' | 'infer' | 'metrics', shard: [number, number] | null = null, uses = 1) {
  return (await book.create({ role, shard, uses, seconds: 600 })).code;
}

async function train(url: string, options: object = {}): Promise<number> {
  let steps = 0;
  for await (const { step } of joinRun(url, { data: tinyData(), loadedEngine: engine, ...options })) steps = step;
  return steps;
}

const http = (server: RunningServer, path: string, init?: RequestInit) =>
  fetch(`${server.url.replace(/^ws/, 'http')}${path}`, init);

describe('a server that lets in who was invited', () => {
  it('trains with the invited to the weights it trains to without a door', async () => {
    const plain = await open();
    await train(plain.url);
    const guarded = await open({ entry });
    expect(await train(guarded.url, { invite: await invited('train', [0, 1]), shard: [0, 1] })).toBeGreaterThan(5);
    const [left, right] = await Promise.all([plain.finished, guarded.finished]);
    expect(right.summary.weightsHash).toBe(left.summary.weightsHash);
  });

  it.each<[string, () => Promise<object>, string, RegExp]>([
    ['nobody without an invite', async () => ({}), 'NO_ENTRY', /lets in only who was invited.*--invite or --key/],
    ['no made-up invite', async () => ({ invite: 'tandem-i0-x' }), 'NO_ENTRY', /invite is not known here/],
    ['no key that is not enrolled', async () => ({ key: await keyFile() }), 'NO_ENTRY', /key is not enrolled here/],
    ['nobody invited to infer', async () => ({ invite: await invited('infer') }), 'WRONG_ROLE', /let in to infer/],
    ['nobody who reads metrics', async () => ({ invite: await invited('metrics') }), 'WRONG_ROLE', /reading metrics/],
    [
      'nobody with another shard',
      async () => ({ invite: await invited('train', [1, 2]), shard: [0, 2] }),
      'WRONG_ROLE',
      /let in for shard 1\/2, and asks for shard 0\/2: join with --shard 1\/2/,
    ],
  ])('lets %s train, and says why', async (_who, options, code, line) => {
    const server = await open({ entry });
    const failure: unknown = await train(server.url, await options()).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code });
    expect((failure as { line: string }).line).toMatch(line);
  });

  it('lets nobody who was invited to train infer', async () => {
    const server = await open({ entry });
    const answers = predict(server.url, [], { engine: 'tfjs', invite: await invited('train') });
    await expect(answers.next()).rejects.toMatchObject({ code: 'WRONG_ROLE', message: /let in to train.* infer/ });
  });

  it('lets the same client come back with an invite that was good once', async () => {
    const server = await open({ entry });
    const entrance = await Entrance.open({ invite: await invited('train') });
    for (let link = 0; link < 3; link++) (await entrance.connect(server.url)).close();
    expect(events.filter((event) => event.kind === 'access' && event.what === 'key-enrolled')).toHaveLength(1);
  });

  it('ends a link within seconds of its holder being revoked', async () => {
    const server = await open({ entry });
    const { invite, code } = await book.create({ role: 'train', shard: null, uses: 1, seconds: 60 });
    const frames = (await connect(server.url, { invite: code })).frames()[Symbol.asyncIterator]();
    await (await InviteBook.open(entry)).revoke(invite.id);
    const ends = async () => {
      while (!(await frames.next()).done);
    };
    await expect(ends()).rejects.toMatchObject({ message: 'the link was closed: NO_ENTRY (4440)' });
  });

  it('writes down who came and who did not, and no secret', async () => {
    const auditLog = join(folder, 'audit.jsonl');
    const server = await open({ entry, auditLog, keepServing: true });
    const code = await invited('train');
    await train(server.url, { invite: code });
    await train(server.url, { invite: code }).catch(() => undefined);
    await server.close();
    const text = await readFile(auditLog, 'utf8');
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.map(({ event }) => event)).toEqual([
      'key-enrolled',
      'ticket-issued',
      'admitted',
      'client-joined',
      ...['refused'],
    ]);
    expect(lines[0]).toMatchObject({ run: server.run, role: 'train', address: '127.0.0.1' });
    expect(lines.at(-1)).toMatchObject({ code: 'NO_ENTRY', reason: 'the invite has been used already' });
    expect(text).not.toContain(code.slice(-43));
    expect(text).not.toContain('eyJ');
  });

  async function keyFile(): Promise<string> {
    const { writeEntryKey } = await import('../../client/node/entry-key.js');
    const file = join(folder, 'some.key');
    await writeEntryKey(file);
    return file;
  }
});

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
    const server = await open();
    const wanted = { 'http://127.0.0.1:9': 101, 'http://localhost': 101, 'http://[::1]:3': 101 };
    const unwanted = ['https://evil.example', 'null', 'http://127.0.0.1.evil.example', 'http://localhost@evil.example'];
    for (const [origin, status] of Object.entries(wanted)) expect(await statusFor(server, origin), origin).toBe(status);
    for (const origin of unwanted) expect(await statusFor(server, origin), origin).toBe(403);
  });

  it('come in by the list where there is one', async () => {
    const server = await open({ allowOrigin: ['https://lab.example:8443'] });
    expect(await statusFor(server, 'https://lab.example:8443')).toBe(101);
    for (const origin of ['https://lab.example', 'http://lab.example:8443', 'http://localhost']) {
      expect(await statusFor(server, origin), origin).toBe(403);
    }
  });

  it('carry their ticket as a subprotocol, which is not repeated to them', async () => {
    const server = await open({ entry, allowOrigin: ['https://lab.example'] });
    const init = { method: 'POST', body: JSON.stringify({ invite: await invited('train') }) };
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

describe('beyond this machine', () => {
  it.each<[string, Partial<ServeOptions>, RegExp]>([
    [
      'without TLS and tickets',
      {},
      /0\.0\.0\.0 can be reached from other machines, and the server has no TLS .* and no tickets/,
    ],
    ['without TLS', { entry: 'entry' }, /has no TLS \(--tls-cert, --tls-key\)$/],
    ['with half a TLS', { tlsCert: 'c.pem' }, /needs a certificate and its key/],
    ['with a certificate that is not there', { tlsCert: 'c.pem', tlsKey: 'k.pem' }, /cannot read c\.pem: ENOENT/],
    [
      'with a certificate that is none',
      { tlsCert: 'package.json', tlsKey: 'LICENSE' },
      /are not a certificate and its key/,
    ],
  ])('no server opens %s', async (_how, options, message) => {
    const given = options.entry === undefined ? options : { ...options, entry };
    await expect(open({ host: '0.0.0.0', ...given })).rejects.toMatchObject({ code: 'BAD_OPTION', message });
  });

  it('one opens when told that it is insecure', async () => {
    const server = await open({ host: '0.0.0.0', insecure: true });
    (await connect(`ws://127.0.0.1:${server.port}`)).close();
  });

  it('clients come in over TLS with the authority they were given, and not without', async () => {
    // Signed by itself, for 127.0.0.1, and good for nothing else.
    const [tlsKey, tlsCert] = ['test/vectors/loopback-key.pem', 'test/vectors/loopback-cert.pem'];
    const server = await open({ host: '127.0.0.1', tlsCert, tlsKey, entry });
    expect(server.url).toMatch(/^wss:/);
    const code = await invited('train');
    await expect(train(server.url, { invite: code })).rejects.toMatchObject({
      code: 'UNREACHABLE',
      message: /certificate of .* is not trusted here/,
    });
    await expect(train(server.url.replace('wss', 'ws'), { invite: code })).rejects.toMatchObject({
      code: 'UNREACHABLE',
    });
    expect(await train(server.url, { invite: code, ca: tlsCert })).toBeGreaterThan(5);
  });
});

describe('what a server says over HTTP', () => {
  it('how it is', async () => {
    const server = await open({ keepServing: true });
    const told = async (path: string) => {
      const answer = await http(server, path);
      return [answer.status, await answer.text()];
    };
    expect(await told('/healthz')).toEqual([200, 'ok\n']);
    expect(await told('/readyz')).toEqual([200, 'ready\n']);
    await train(server.url);
    await server.finished;
    expect(await told('/readyz')).toEqual([200, 'finished\n']);
    expect((await http(server, '/nothing')).status).toBe(426);
  });

  it('that it is not ready once its run has failed', async () => {
    const server = await open({ keepServing: true });
    const steps = joinRun(server.url, { data: tinyData(), loadedEngine: engine });
    await steps.next();
    await steps.return({} as never);
    await expect(server.finished).rejects.toMatchObject({ code: 'NO_CLIENTS' });
    const answer = await http(server, '/readyz');
    expect([answer.status, await answer.text()]).toEqual([503, 'failed\n']);
  });

  it('its metrics: to this machine, but not through a proxy; to others with the role', async () => {
    const server = await open({ entry, keepServing: true });
    await train(server.url, { invite: await invited('train') });
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
    expect(await status({ ...through, authorization: `Bearer ${await invited('metrics')}` })).toBe(200);
    expect(await status({ ...through, authorization: `Bearer ${await invited('train')}` })).toBe(403);
    await vi.waitFor(async () => expect(await (await http(server, '/metrics')).text()).toMatch(/^tandem_links 0$/m));
  });

  it('nothing to requests that are no requests for tickets', async () => {
    const server = await open({ entry });
    const status = async (body: string) => (await http(server, '/entry/ticket', { method: 'POST', body })).status;
    expect(await status('no JSON')).toBe(400);
    expect(await status('null')).toBe(400);
    expect(await status('{"invite":{"a":1}}')).toBe(400);
    expect(await status('{"__proto__":"x"}')).toBe(400);
    expect(await status(`{"invite":"${'x'.repeat(5000)}"}`)).toBe(413);
    expect((await http(await open(), '/entry/ticket', { method: 'POST', body: '{}' })).status).toBe(400);
  });
});
