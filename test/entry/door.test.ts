import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { connect, Entrance } from '../../client/node/connect.js';
import { writeEntryKey } from '../../client/node/entry-key.js';
import { predict } from '../../client/node/predict.js';
import { relay } from '../../relay/relay.js';
import { InviteBook } from '../../server/entry/invite-book.js';
import type { ServeOptions } from '../../server/serve.js';
import { decodeMessage, encodeMessage } from '../../shared/protocol/message-codec.js';
import type { Message } from '../../shared/protocol/messages.js';
import { helloOf } from '../server/stranger.js';
import { Site } from './site.js';

const site = new Site();

describe('a server that lets in who was invited', () => {
  it('trains with the invited to the weights it trains to without a door', async () => {
    const plain = await site.open();
    await site.train(plain.url);
    const guarded = await site.open({ entry: site.entry });
    expect(
      await site.train(guarded.url, { invite: await site.invited('train', [0, 1]), shard: [0, 1] }),
    ).toBeGreaterThan(5);
    const [left, right] = await Promise.all([plain.finished, guarded.finished]);
    expect(right.summary.weightsHash).toBe(left.summary.weightsHash);
  });

  it.each<[string, () => Promise<object>, string, RegExp]>([
    ['nobody without an invite', async () => ({}), 'NO_ENTRY', /lets in only who was invited.*--invite or --key/],
    ['no made-up invite', async () => ({ invite: 'tandem-i0-x' }), 'NO_ENTRY', /invite is not known here/],
    ['no key that is not enrolled', async () => ({ key: await keyFile() }), 'NO_ENTRY', /key is not enrolled here/],
    ['nobody invited to infer', async () => ({ invite: await site.invited('infer') }), 'WRONG_ROLE', /let in to infer/],
    [
      'nobody who reads metrics',
      async () => ({ invite: await site.invited('metrics') }),
      'WRONG_ROLE',
      /reading metrics/,
    ],
    [
      'nobody with another shard',
      async () => ({ invite: await site.invited('train', [1, 2]), shard: [0, 2] }),
      'WRONG_ROLE',
      /let in for shard 1\/2, and asks for shard 0\/2: join with --shard 1\/2/,
    ],
  ])('lets %s train, and says why', async (_who, options, code, line) => {
    const server = await site.open({ entry: site.entry });
    const failure: unknown = await site.train(server.url, await options()).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code });
    expect((failure as { line: string }).line).toMatch(line);
  });

  it('lets nobody who was invited to train infer', async () => {
    const server = await site.open({ entry: site.entry });
    const answers = predict(server.url, [], { engine: 'tfjs', invite: await site.invited('train') });
    await expect(answers.next()).rejects.toMatchObject({ code: 'WRONG_ROLE', message: /let in to train.* infer/ });
  });

  it('lets the same client come back with an invite that was good once', async () => {
    const server = await site.open({ entry: site.entry });
    const entrance = await Entrance.open({ invite: await site.invited('train') });
    for (let link = 0; link < 3; link++) (await entrance.connect(server.url)).close();
    expect(site.events.filter((event) => event.kind === 'access' && event.what === 'key-enrolled')).toHaveLength(1);
  });

  it('lets nobody go on with the session of somebody else', async () => {
    const server = await site.open({ entry: site.entry, clients: 2 });
    const say = async (invite: string, message: Message) => {
      const transport = await connect(server.url, { invite });
      transport.send(encodeMessage(message));
      const first = await transport.frames()[Symbol.asyncIterator]().next();
      return decodeMessage(first.value as Uint8Array);
    };
    const welcome = await say(await site.invited('train'), helloOf('train', { resumes: true }));
    if (welcome.type !== 'welcome') throw new Error(`not welcomed: ${JSON.stringify(welcome)}`);
    const resume: Message = { type: 'resume', session: welcome.session, received: 0, digest: '', settled: 0 };
    expect(await say(await site.invited('train'), resume)).toMatchObject({ type: 'error', code: 'WRONG_ROLE' });
    expect(await say(await site.invited('infer'), resume)).toMatchObject({ type: 'error', code: 'WRONG_ROLE' });
  });

  it('lets a relay in for its clients, which need an invite of the relay', async () => {
    const server = await site.open({ entry: site.entry, topology: 'multi-hop' });
    await expect(relay({ server: server.url, loadedEngine: site.engine })).rejects.toMatchObject({ code: 'NO_ENTRY' });
    const below = await InviteBook.open(join(site.folder, 'below'));
    const { code } = await below.create({ role: 'train', shard: null, uses: 1, seconds: 60 });
    const invite = await site.invited('relay');
    const options = { server: server.url, loadedEngine: site.engine, invite, entry: join(site.folder, 'below') };
    const hop = await relay(options);
    await expect(site.train(hop.url)).rejects.toMatchObject({ code: 'NO_ENTRY' });
    expect(await site.train(hop.url, { invite: code })).toBeGreaterThan(5);
    expect((await hop.finished).clients).toBe(1);
  });

  it('tells of a relay what it tells of a server', async () => {
    const server = await site.open({ topology: 'multi-hop', keepServing: true });
    const auditLog = join(site.folder, 'relay.jsonl');
    const hop = await relay({ server: server.url, loadedEngine: site.engine, auditLog });
    const told = async (path: string) => (await fetch(hop.url.replace(/^ws/, 'http') + path)).text();
    expect([await told('/healthz'), await told('/readyz')]).toEqual(['ok\n', 'ready\n']);
    const steps = await site.train(hop.url);
    const metrics = await told('/metrics');
    expect(metrics).toMatch(new RegExp(`^tandem_steps_total ${steps}$`, 'm'));
    expect(metrics).toMatch(/^tandem_samples_total [1-9]\d+$/m);
    expect(metrics).toMatch(/^tandem_departures_total 0$/m);
    expect(metrics).toMatch(/^tandem_bytes_total\{direction="in"\} [1-9]\d+$/m);
    await hop.close();
    expect(await readFile(auditLog, 'utf8')).toMatch(/"event":"client-joined"/);
  });

  it('ends a link within seconds of its holder being revoked', async () => {
    const server = await site.open({ entry: site.entry });
    const { invite, code } = await site.book.create({ role: 'train', shard: null, uses: 1, seconds: 60 });
    const frames = (await connect(server.url, { invite: code })).frames()[Symbol.asyncIterator]();
    await (await InviteBook.open(site.entry)).revoke(invite.id);
    const ends = async () => {
      while (!(await frames.next()).done);
    };
    await expect(ends()).rejects.toMatchObject({ message: 'the link was closed: NO_ENTRY (4440)' });
  });

  it('writes down who came and who did not, and no secret', async () => {
    const auditLog = join(site.folder, 'audit.jsonl');
    const server = await site.open({ entry: site.entry, auditLog, keepServing: true });
    const code = await site.invited('train');
    await site.train(server.url, { invite: code });
    await site.train(server.url, { invite: code }).catch(() => undefined);
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
    const file = join(site.folder, 'some.key');
    await writeEntryKey(file);
    return file;
  }
});

describe('beyond this machine', () => {
  it.each<[string, Partial<ServeOptions>, RegExp, string?]>([
    [
      'without TLS and tickets',
      {},
      /0\.0\.0\.0 can be reached from other machines, and the server has no TLS .* and no tickets/,
    ],
    ['without TLS', { entry: 'entry' }, /has no TLS \(--tls-cert, --tls-key\)$/],
    ['with half a TLS', { tlsCert: 'c.pem' }, /needs a certificate and its key/],
    [
      'with a certificate that is not there',
      { tlsCert: 'c.pem', tlsKey: 'k.pem' },
      /cannot read c\.pem: it is not there/,
      'CANNOT_READ',
    ],
    [
      'with a certificate that is none',
      { tlsCert: 'package.json', tlsKey: 'LICENSE' },
      /are not a certificate and its key/,
    ],
  ])('no server opens %s', async (_how, options, message, code = 'BAD_OPTION') => {
    const given = options.entry === undefined ? options : { ...options, entry: site.entry };
    await expect(site.open({ host: '0.0.0.0', ...given })).rejects.toMatchObject({ code, message });
  });

  it('one opens when told that it is insecure', async () => {
    const server = await site.open({ host: '0.0.0.0', insecure: true });
    (await connect(`ws://127.0.0.1:${server.port}`)).close();
  });

  it('clients come in over TLS with the authority they were given, and not without', async () => {
    // Signed by itself, for 127.0.0.1, and good for nothing else.
    const [tlsKey, tlsCert] = ['test/vectors/loopback-key.pem', 'test/vectors/loopback-cert.pem'];
    const server = await site.open({ host: '127.0.0.1', tlsCert, tlsKey, entry: site.entry });
    expect(server.url).toMatch(/^wss:/);
    const code = await site.invited('train');
    await expect(site.train(server.url, { invite: code })).rejects.toMatchObject({
      code: 'BAD_CERTIFICATE',
      message: /certificate of .* is not trusted here/,
    });
    await expect(site.train(server.url.replace('wss', 'ws'), { invite: code })).rejects.toMatchObject({
      code: 'BAD_ADDRESS',
      action: `give wss://127.0.0.1:${server.port}`,
    });
    expect(await site.train(server.url, { invite: code, ca: tlsCert })).toBeGreaterThan(5);
  });
});
