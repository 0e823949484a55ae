import { createServer } from 'node:http';
import { connect as connectTcp, type AddressInfo, type Socket } from 'node:net';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { join as joinRun } from '../../client/node/join.js';
import { MAX_TURNS_BEHIND, MAX_WATCHERS, Watchers } from '../../server/dashboard/watchers.js';
import { InviteBook } from '../../server/entry/invite-book.js';
import { serve, type RunningServer, type ServeOptions } from '../../server/serve.js';
import { applyChange, type WatchMessage } from '../../shared/dashboard/changes.js';
import { initialDashboard, type DashboardState, type Phase, type RunFacts } from '../../shared/dashboard/state.js';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import type { Engine } from '../../shared/engine/engine.js';
import { tinyData, tinyTask } from '../helpers/tiny-task.js';

/** A machine may have much else to do. */
const PATIENCE = { timeout: 20_000 };

let engine: Engine;
let server: RunningServer;

beforeAll(async () => {
  engine = await chooseEngine('tfjs');
});
afterEach(() => server.close());

async function open(options: Partial<ServeOptions> = {}): Promise<RunningServer> {
  server = await serve({ task: tinyTask, seed: 5, loadedEngine: engine, keepServing: true, ...options });
  server.finished.catch(() => undefined);
  return server;
}

async function train(): Promise<string> {
  for await (const _ of joinRun(server.url, { data: tinyData(), loadedEngine: engine }));
  return (await server.finished).summary.weightsHash;
}

/** Somebody who looks, and what that one has been shown. */
class Onlooker {
  readonly ws: WebSocket;
  readonly messages: WatchMessage[] = [];
  readonly closed: Promise<number>;
  state: DashboardState | null = null;

  constructor(headers: Record<string, string> = {}, protocols: string[] = ['tandem.watch']) {
    this.ws = new WebSocket(`${server.url}/watch`, protocols, { headers });
    this.ws.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString()) as WatchMessage;
      this.messages.push(message);
      this.state = message.kind === 'state' ? message.state : this.state && applyChange(this.state, message.change);
    });
    this.closed = new Promise((resolve) => this.ws.on('close', resolve));
    this.ws.on('error', () => undefined);
  }

  /** The HTTP status that came instead of a link; 101 for a link. */
  get answer(): Promise<number> {
    return new Promise((resolve) => {
      this.ws.on('upgrade', () => resolve(101));
      this.ws.on('unexpected-response', (_, response) => resolve(response.statusCode ?? 0));
    });
  }
}

describe('who looks at a run', () => {
  it('sees all of it: first as it is, then as it changes, and at last how it ended', async () => {
    await open();
    const early = new Onlooker();
    await vi.waitFor(() => expect(early.state?.phase).toBe('gathering'), PATIENCE);
    await train();
    await vi.waitFor(() => expect(early.state?.phase).toBe('finished'), PATIENCE);
    const late = new Onlooker();
    await vi.waitFor(() => expect(late.state?.phase).toBe('finished'), PATIENCE);
    expect(early.messages.map(({ kind }) => kind).filter((kind) => kind === 'state')).toHaveLength(1);
    // How many changes make one message depends on the machine.
    expect(early.messages.length).toBeGreaterThan(1);
    expect(early.state?.progress).toMatchObject({ steps: 12, planned: 12 });
    expect(early.state?.clients).toMatchObject([{ client: 0, steps: 12, here: true }]);
    expect(early.state?.traffic.answer?.count ?? 0).toBeLessThanOrEqual(12);
    expect(late.state?.loss).toEqual(early.state?.loss);
  });

  it('changes nothing: one that talks, one that floods, one that never reads, too many, and of another site', async () => {
    await open();
    const calm = await train();
    await server.close();
    await open();
    const talker = new Onlooker();
    talker.ws.on('open', () => talker.ws.send('{"kind":"state"}'));
    expect(await talker.closed).toBe(1008);
    const flood = new Onlooker();
    flood.ws.on('open', () => {
      for (let i = 0; i < 200; i++) flood.ws.ping('x'.repeat(100));
    });
    expect(await flood.closed).toBe(1006);
    expect(await new Onlooker({ origin: 'https://elsewhere.test' }).answer).toBe(403);
    expect(
      await new Onlooker({ origin: `http://elsewhere.test:${server.port}`, host: `elsewhere.test:${server.port}` })
        .answer,
    ).toBe(403);
    const silent = rawWatcher(server.port);
    const crowd = Array.from({ length: MAX_WATCHERS + 4 }, () => new Onlooker());
    const answers = await Promise.all(crowd.map((onlooker) => onlooker.answer));
    expect(answers.filter((status) => status === 101).length).toBeLessThanOrEqual(MAX_WATCHERS);
    expect(answers).toContain(429);
    expect(await train()).toBe(calm);
    crowd.forEach(({ ws }) => ws.terminate());
    silent.destroy();
  });

  it('needs an invite for the role where there are invites, and only through a proxy, which is not this machine', async () => {
    const entry = join(await mkdtemp(join(tmpdir(), 'tandem-watch-')), 'entry');
    const book = await InviteBook.open(entry);
    const invite = async (role: 'train' | 'metrics') =>
      (await book.create({ role, shard: null, uses: 1, seconds: 60 })).code;
    await open({ entry, limits: { strikes: 99 } });
    const proxied = { 'x-forwarded-for': '203.0.113.7' };
    const look = async (code?: string) =>
      new Onlooker(proxied, ['tandem.watch', ...(code ? [`tandem.ticket.${code}`] : [])]).answer;
    expect(await look()).toBe(401);
    expect(await look(await invite('train'))).toBe(403);
    const code = await invite('metrics');
    expect([await look(code), await look(code)]).toEqual([101, 101]);
    const ask = async (authorization: string) =>
      fetch(`${server.dashboard}watch`, { headers: { ...proxied, authorization } }).then(({ status }) => status);
    expect([await ask('Bearer tandem-i0-x'), await ask(`Bearer ${code}`)]).toEqual([401, 200]);
    expect(await new Onlooker().answer).toBe(101);
  });
});

describe('a watcher that does not read', () => {
  it('is told no more than waits already, and is dropped after a while; others are not', async () => {
    await open();
    const big = { ...initialDashboard({} as RunFacts, 0), phase: 'x'.repeat(8e6) as Phase };
    const watchers = new Watchers();
    const http = createServer();
    http.on('upgrade', (request, socket, head: Buffer) => watchers.take(request, socket, head, big));
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    const { port } = http.address() as AddressInfo;
    const reader = new WebSocket(`ws://127.0.0.1:${port}/`, 'tandem.watch');
    const stuck = rawWatcher(port);
    await vi.waitFor(() => expect(watchers.count).toBe(2), PATIENCE);
    for (let turn = 1; watchers.count === 2; turn++) {
      expect(turn).toBeLessThanOrEqual(MAX_TURNS_BEHIND + 40);
      watchers.tellAll({ ...big, at: turn, phase: 'y'.repeat(8e6) as Phase });
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(reader.readyState).toBe(WebSocket.OPEN);
    await watchers.close();
    stuck.destroy();
    http.close();
  });
});

/** Asks to look, and then takes nothing off its socket. */
function rawWatcher(port: number): Socket {
  const socket = connectTcp(port, '127.0.0.1').on('error', () => undefined);
  socket.pause();
  const key = Buffer.from('0123456789abcdef').toString('base64');
  const head = ['GET /watch HTTP/1.1', 'Host: 127.0.0.1', 'Upgrade: websocket', 'Connection: Upgrade'];
  const fields = [`Sec-WebSocket-Key: ${key}`, 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Protocol: tandem.watch'];
  socket.write([...head, ...fields, '', ''].join('\r\n'));
  return socket;
}
