import { describe, expect, it } from 'vitest';
import { closeError, closeReason } from '../../shared/transport/transport.js';
import { WebSocketTransport, type SocketLike } from '../../shared/transport/websocket.js';
import { TandemError } from '../../shared/errors.js';
import { SteppedClock } from '../helpers/stepped-clock.js';
import { drain } from './transport-conformance.js';

/** A socket as a browser has it, which says nothing when it has passed something on. */
class BufferedSocket implements SocketLike {
  binaryType = 'arraybuffer';
  readonly readyState = 1;
  bufferedAmount = 0;
  readonly closes: [number | undefined, string | undefined][] = [];
  terminated = 0;
  send(data: Uint8Array): void {
    this.bufferedAmount += data.length;
  }
  close(code?: number, reason?: string): void {
    this.closes.push([code, reason]);
  }
  terminate(): void {
    this.terminated++;
  }
  addEventListener(): void {
    // Nothing ever comes.
  }
}

function open(options: { roomBytes?: number; slowSeconds?: number } = {}) {
  const [clock, socket] = [new SteppedClock(), new BufferedSocket()];
  const transport = new WebSocketTransport(socket, { roomBytes: 100, slowSeconds: 20, clock, ...options });
  return { clock, socket, transport };
}

describe('a send buffer without a drain event', () => {
  it('is looked at until it has room, and no longer', () => {
    const { clock, socket, transport } = open();
    transport.send(new Uint8Array(99));
    expect(transport.hasRoom).toBe(true);
    transport.send(new Uint8Array(3_001));
    expect(transport.hasRoom).toBe(false);
    let calls = 0;
    transport.onRoom(() => calls++);
    clock.pass(0.3);
    expect(calls).toBe(0);
    socket.bufferedAmount = 100;
    clock.pass(0.3);
    expect(calls).toBe(0);
    socket.bufferedAmount = 99;
    clock.pass(0.3);
    clock.pass(5);
    expect(calls).toBe(1);
    socket.bufferedAmount = 0;
    clock.pass(2);
    expect(clock.isIdle).toBe(true);
  });
});

describe('a peer that takes nothing', () => {
  it('is cut after a while, and both sides are told why', async () => {
    const { clock, socket, transport } = open();
    for (const bytes of [151_000, 149_000, 37_000]) transport.send(new Uint8Array(bytes));
    clock.pass(19);
    expect(socket.closes).toEqual([]);
    clock.pass(1);
    const why = '3 messages, 337.0 kB waited for 20 s and none of it was taken';
    expect(socket.closes).toEqual([[4414, `TOO_SLOW: ${why}`]]);
    expect((await drain(transport)).error).toMatchObject({ code: 'TOO_SLOW', message: why });
    const there = closeError(4414, socket.closes[0]?.[1] ?? '');
    expect(there).toMatchObject({
      code: 'LINK_LOST',
      message: `the other side cut the link: ${why} (TOO_SLOW, 4414)`,
    });
    expect(socket.terminated).toBe(0);
    clock.pass(1);
    expect(socket.terminated).toBe(1);
    clock.pass(100);
    expect(socket.closes).toHaveLength(1);
    expect(clock.isIdle).toBe(true);
  });

  it('is told apart from one that takes a little now and then, whatever comes after', () => {
    const { clock, socket, transport } = open();
    transport.send(new Uint8Array(900_001));
    for (let minute = 0; minute < 40; minute++) {
      clock.pass(15);
      socket.bufferedAmount -= 3;
      // A message of the link itself, which does not wait.
      transport.send(new Uint8Array(17));
    }
    expect(socket.closes).toEqual([]);
    clock.pass(21);
    expect(socket.closes).toHaveLength(1);
    expect(socket.closes[0]?.[1]).toMatch(/^TOO_SLOW: 41 messages, 900\.6 kB/);
  });

  it('is given as long as its work may take', () => {
    const { clock, socket, transport } = open();
    let seconds = 300;
    transport.bearWith(() => seconds);
    transport.send(new Uint8Array(7_000_001));
    clock.pass(299);
    expect(socket.closes).toEqual([]);
    // It is done with that, and still takes nothing.
    seconds = 10;
    clock.pass(2);
    expect(socket.closes[0]?.[1]).toMatch(/^TOO_SLOW: 1 message, 7\.0 MB waited for 20 s/);
  });

  it('is not made of one that has taken all and is sent more after a long time', () => {
    const { clock, socket, transport } = open();
    for (let i = 0; i < 5; i++) {
      transport.send(new Uint8Array(501));
      clock.pass(19);
      socket.bufferedAmount = 0;
      clock.pass(60);
    }
    expect(socket.closes).toEqual([]);
  });

  it('frees whoever waits for room', () => {
    const { clock, transport } = open();
    transport.send(new Uint8Array(501));
    let calls = 0;
    transport.onRoom(() => calls++);
    clock.pass(22);
    expect(calls).toBe(1);
  });
});

describe('why a link was cut', () => {
  it.each(['short', 'a longer reason, '.repeat(20), '€'.repeat(90)])('fits into a close: %s', (why) => {
    const reason = closeReason(new TandemError('TOO_MANY', why));
    expect(new TextEncoder().encode(reason).length).toBeLessThanOrEqual(123);
    expect(reason).not.toContain('\uFFFD');
    const error = closeError(4443, reason);
    expect(error?.message).toContain('(TOO_MANY, 4443)');
    expect(error?.message).toContain(why.slice(0, 20));
  });
});
