import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { isLoopback, isLocal, limitKey } from '../../server/http/address.js';
import { SocketBuckets } from '../../server/http/socket-buckets.js';
import { Limits, limitsFor, type LimitOptions } from '../../server/http/limits.js';
import { Newcomers, type NewSocket } from '../../server/http/newcomers.js';
import { WaitingBytes, type Waiting } from '../../server/http/waiting-bytes.js';

const limits = (given: Partial<LimitOptions>) => new Limits(limitsFor(3, 1000, given));
const [HOME, AWAY, OTHER] = ['127.0.0.1', '203.0.113.7', '198.51.100.9'];

describe('limits by address', () => {
  it('hold each address, and all together, to a number of sockets', () => {
    const counted = limits({ connections: 5, connectionsPerAddress: 2 });
    const [first] = [counted.connect(AWAY), counted.connect(AWAY)];
    expect(counted.connect(AWAY)).toBeUndefined();
    expect(counted.connect(OTHER)).toBeDefined();
    first?.();
    expect(counted.connect(AWAY)).toBeDefined();
    expect([counted.connect(HOME), counted.connect(HOME), counted.connect(HOME)].map(Boolean)).toEqual([
      true,
      true,
      false,
    ]);
  });

  it.each([
    [10, 7],
    [64, 4],
  ])('let an address open twice as many sockets as %i in twenty seconds, one after the other', (most, rounds) => {
    let nowMs = 5_000;
    const buckets = new SocketBuckets(most, () => nowMs);
    const opened = () => Array.from({ length: 5 * most }, () => buckets.opens(AWAY)).filter(Boolean).length;
    expect(opened()).toBe(2 * most);
    for (let round = 0; round < rounds; round++) {
      nowMs += 10_000;
      expect(opened()).toBe(most);
    }
    expect(buckets.opens(OTHER)).toBe(true);
    nowMs += 3_600_000;
    expect(opened()).toBe(2 * most);
  });

  it('shut an address out after three strikes, and no other', async () => {
    const struck = limits({});
    expect(await struck.strike(AWAY, 'BAD_FRAME')).toBe(false);
    expect(await struck.strike(AWAY, 'NO_ENTRY')).toBe(false);
    expect(await struck.shutOut(AWAY)).toBeUndefined();
    expect(await struck.strike(AWAY, 'BAD_STATE')).toBe(true);
    expect((await struck.shutOut(AWAY))?.line).toMatch(/refused 3 times: wait 60 seconds \(TOO_MANY\)/);
    // It stays shut out for a while, and is not struck out again by asking.
    expect(await struck.strike(AWAY, 'TOO_MANY')).toBe(false);
    expect(await struck.shutOut(OTHER)).toBeUndefined();
  });

  it('count no strike for what happens to honest clients', async () => {
    const struck = limits({ strikes: 1 });
    for (const code of ['BAD_VALUE', 'RUN_FULL', 'TOO_SLOW', 'LINK_LOST', 'CANCELLED', 'STEP_GAP', 'TAKEN_OVER']) {
      expect(await struck.strike(AWAY, code), code).toBe(false);
    }
    expect(await struck.shutOut(AWAY)).toBeUndefined();
  });

  it('leave this machine alone unless told', async () => {
    const [free, held] = [limits({ strikes: 1 }), limits({ strikes: 1, limitLoopback: true })];
    expect(await free.strike(HOME, 'BAD_FRAME')).toBe(false);
    expect(await held.strike(HOME, 'BAD_FRAME')).toBe(true);
    expect(await free.shutOut(HOME)).toBeUndefined();
    expect(await held.shutOut(HOME)).toMatchObject({ code: 'TOO_MANY' });
  });

  it('count the sockets of a proxy that is believed among all, not as those of one address', () => {
    const counted = limits({ connections: 4, connectionsPerAddress: 1 });
    const proxied = Array.from({ length: 3 }, () => counted.connect(AWAY, true));
    expect(proxied.every(Boolean)).toBe(true);
    expect([counted.connect(OTHER), counted.connect(OTHER), counted.connect(AWAY, true)].map(Boolean)).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('count who shows something good by that, up to as many as an address', async () => {
    const held = limits({ requestsPerMinute: 5 });
    for (let visitor = 0; visitor < 20; visitor++) {
      await held.request(AWAY);
      await held.request(AWAY);
      await held.letIn(AWAY, `k${visitor}`, 2);
    }
    const tireless = async () => {
      for (let times = 0; times < 11; times++) {
        await held.request(OTHER);
        await held.letIn(OTHER, 'kx', 1);
      }
    };
    await expect(tireless()).rejects.toMatchObject({ code: 'TOO_MANY' });
    await held.request(AWAY);
  });

  it('count what a page brings along apart, and bound it too', async () => {
    const held = limits({ requestsPerMinute: 2 });
    for (let file = 0; file < 64; file++) await held.file(AWAY);
    await held.request(AWAY);
    await expect(held.file(AWAY)).rejects.toMatchObject({ code: 'TOO_MANY' });
  });

  it('hold requests to a number in a minute, and messages to one in a second', async () => {
    const held = limits({ requestsPerMinute: 3, messagesPerSecond: 4 });
    for (let i = 0; i < 3; i++) await held.request(AWAY);
    await expect(held.request(AWAY)).rejects.toMatchObject({ code: 'TOO_MANY', message: /more than 3 requests/ });
    for (let i = 0; i < 4; i++) await held.message('a link');
    await expect(held.message('a link')).rejects.toMatchObject({ code: 'TOO_MANY', message: /more than 4 messages/ });
    await held.message('another');
  });
});

describe('addresses', () => {
  it.each([
    ['127.0.0.1', true],
    ['127.8.9.10', true],
    ['::1', true],
    ['::ffff:127.0.0.1', true],
    ['localhost', true],
    ['0.0.0.0', false],
    ['::', false],
    ['127.0.0.1.evil.example', false],
    ['128.0.0.1', false],
  ])('%s is of this machine: %s', (host, expected) => {
    expect(isLoopback(host)).toBe(expected);
  });

  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2:ffff::', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
  ])('%s counts as %s', (address, key) => {
    expect(limitKey(address)).toBe(key);
  });

  it('are those of this machine only where no proxy asks for somebody else', () => {
    const request = (remoteAddress: string, forwarded?: string) =>
      ({
        socket: { remoteAddress },
        headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
      }) as unknown as IncomingMessage;
    expect(isLocal(request(HOME))).toBe(true);
    expect(isLocal(request(HOME, AWAY))).toBe(false);
    expect(isLocal(request(AWAY))).toBe(false);
  });
});

describe('bytes that wait', () => {
  class Held implements Waiting {
    size = 0;
    gone = false;
    constructor(private readonly member = false) {}
    isMember = () => this.member;
    bytes = () => this.size;
    cut = () => {
      this.gone = true;
    };
  }

  it('are bounded over all links, and the one that waited longest goes', () => {
    const waiting = new WaitingBytes(100);
    const [hoarder, honest, late] = [new Held(), new Held(), new Held()];
    const put = (link: Held, size: number) => {
      link.size = size;
      waiting.note(link);
    };
    put(hoarder, 30);
    put(honest, 60);
    put(honest, 0);
    put(honest, 65);
    put(late, 4);
    expect([hoarder.gone, honest.gone, waiting.bytes]).toEqual([false, false, 99]);
    put(late, 7);
    expect([hoarder.gone, honest.gone, late.gone, waiting.bytes]).toEqual([true, false, false, 72]);
  });

  it('of a client of the run go last, however slow it is', () => {
    const waiting = new WaitingBytes(100);
    const [slow, stranger, other] = [new Held(true), new Held(), new Held(true)];
    const put = (link: Held, size: number) => {
      link.size = size;
      waiting.note(link);
    };
    put(slow, 35);
    put(stranger, 3);
    put(other, 59);
    put(stranger, 9);
    expect([slow.gone, stranger.gone, other.gone]).toEqual([false, true, false]);
    put(other, 66);
    expect([slow.gone, other.gone]).toEqual([true, false]);
  });

  it('that drained meanwhile are not held against a link', () => {
    const waiting = new WaitingBytes(100);
    const [reader, other] = [new Held(), new Held()];
    reader.size = 80;
    waiting.note(reader);
    reader.size = 3;
    other.size = 90;
    waiting.note(other);
    expect([reader.gone, other.gone, waiting.bytes]).toEqual([false, false, 93]);
  });

  it('are forgotten with their link', () => {
    const waiting = new WaitingBytes(100);
    const link = new Held();
    link.size = 40;
    waiting.note(link);
    waiting.forget(link);
    expect(waiting.bytes).toBe(0);
  });
});

describe('sockets whose clients have not said who they are', () => {
  class Silent implements NewSocket {
    destroyed = false;
    readonly remoteAddress = '203.0.113.7';
    private closed: () => void = () => undefined;
    constructor(readonly remotePort: number) {}
    destroy() {
      this.destroyed = true;
      this.closed();
    }
    once(_: 'close', listener: () => void) {
      this.closed = listener;
    }
  }

  it('are bounded, and the one that waited longest goes', () => {
    const newcomers = new Newcomers(2);
    const [first, second, third, fourth] = [1, 2, 3, 4].map((port) => new Silent(port)) as [
      Silent,
      Silent,
      Silent,
      Silent,
    ];
    expect([first, second].map((socket) => newcomers.arrive(socket))).toEqual([undefined, undefined]);
    // With TLS, who leaves is another socket with the same peer.
    newcomers.leave(new Silent(1));
    expect(newcomers.arrive(third)).toBeUndefined();
    // Who comes again keeps its place in the order.
    expect(newcomers.arrive(second)).toBeUndefined();
    expect(newcomers.arrive(fourth)).toBe('203.0.113.7');
    expect([first, second, third, fourth].map(({ destroyed }) => destroyed)).toEqual([false, true, false, false]);
    third.destroy();
    expect(newcomers.count).toBe(1);
  });
});
