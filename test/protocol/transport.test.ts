import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { ByteMeter } from '../../shared/protocol/byte-meter.js';
import { Link } from '../../shared/protocol/link.js';
import { encodeMessage } from '../../shared/protocol/message-codec.js';
import { TandemError } from '../../shared/errors.js';
import { loopbackPair } from '../../shared/transport/loopback.js';
import { opened, WebSocketTransport, type SocketLike } from '../../shared/transport/websocket.js';
import { agreementFor, asRead } from './golden.js';
import { goldenMessages } from './golden-messages.js';
import { drain, transportConformance, type TestPair } from './transport-conformance.js';

const MAX_PAYLOAD = 2_097_143;
let server: WebSocketServer;

beforeAll(async () => {
  server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false, maxPayload: MAX_PAYLOAD });
  await once(server, 'listening');
});
afterAll(() => {
  server.clients.forEach((client) => client.terminate());
  server.close();
});

/** A connected client (left) and its socket at the server (right). */
async function openSockets(): Promise<[WebSocket, WebSocket]> {
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const atServer = once(server, 'connection') as Promise<[WebSocket]>;
  const client = new WebSocket(url, { perMessageDeflate: false });
  await opened(client, url);
  return [client, (await atServer)[0]];
}

async function openSocketPair(): Promise<TestPair> {
  const [client, peer] = await openSockets();
  return { left: new WebSocketTransport(client), right: new WebSocketTransport(peer) };
}

transportConformance('loopback', async () => {
  const [left, right] = loopbackPair();
  return { left, right };
});
transportConformance('websocket', openSocketPair);

describe('what only sockets do', () => {
  it('a text message ends the iteration with BAD_FRAME', async () => {
    const [client, peer] = await openSockets();
    const transport = new WebSocketTransport(peer);
    client.send(Uint8Array.of(3, 5));
    client.send('hello');
    client.send(Uint8Array.of(7));
    const { frames, error } = await drain(transport);
    expect(frames.map((bytes) => [...bytes])).toEqual([[3, 5]]);
    expect(error).toMatchObject({ code: 'BAD_FRAME' });
    client.terminate();
  });

  it('a link that breaks throws LINK_LOST', async () => {
    const [client, peer] = await openSockets();
    const transport = new WebSocketTransport(peer);
    client.terminate();
    expect((await drain(transport)).error).toMatchObject({ code: 'LINK_LOST', message: 'the link broke (1006)' });
  });

  it('a message over the limit of the other side throws TOO_LARGE at its sender', async () => {
    const { left, right } = await openSocketPair();
    left.send(new Uint8Array(MAX_PAYLOAD + 1));
    const [atSender, atReceiver] = await Promise.all([drain(left), drain(right)]);
    expect(atSender.error).toMatchObject({ code: 'TOO_LARGE' });
    expect(atReceiver.frames).toEqual([]);
    expect(atReceiver.error).toMatchObject({ code: 'TOO_LARGE' });
    expect(atReceiver.error?.message).toContain('larger than any');
  });

  it('a peer that does not read is TOO_SLOW once the send buffer is over its bound', () => {
    const socket = new StuckSocket();
    const transport = new WebSocketTransport(socket, { maxBufferedBytes: 100 });
    transport.send(new Uint8Array(37));
    transport.send(new Uint8Array(64));
    expect(() => transport.send(new Uint8Array(3))).toThrow(expect.objectContaining({ code: 'TOO_SLOW' }));
    expect(socket.bufferedAmount).toBe(101);
  });

  it('nobody at the address is UNREACHABLE, with the address', async () => {
    const silent = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    await once(silent, 'listening');
    const url = `ws://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    await new Promise((resolve) => silent.close(resolve));
    const error = await opened(new WebSocket(url), url).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'UNREACHABLE' });
    expect((error as TandemError).message).toContain(url);
  });
});

describe('a link', () => {
  it('counts each message once, in both directions, and labels apart', async () => {
    const [left, right] = loopbackPair();
    const [sender, receiver] = [new Link(left), new Link(right)];
    const messages = Object.values(goldenMessages).filter((each) => agreementFor(each).agreed.length === 0);
    messages.forEach((message) => sender.send(message));
    sender.close();
    const received = [];
    for await (const message of receiver.messages()) received.push(message);
    expect(received).toStrictEqual(messages.map(asRead));
    expect(receiver.meter.counts).toEqual(sender.meter.counts);
    const { up, down, labels, weights, control, link, total } = sender.meter.counts;
    expect(total + link).toBe(messages.reduce((sum, message) => sum + encodeMessage(message).length, 0));
    expect(up + down + labels + weights + control).toBe(total);
    // Two int32; three uint8 and three float32; one int32.
    expect(labels).toBe(8 + 3 + 12 + 4);
  });

  it('counts what it could not read as control', async () => {
    const [left, right] = loopbackPair();
    const receiver = new Link(right);
    left.send(Uint8Array.of(0xc1, 0xff, 0x00));
    await expect(receiver.messages().next()).rejects.toMatchObject({ code: 'BAD_FRAME' });
    expect(receiver.meter.counts).toEqual({
      up: 0,
      down: 0,
      labels: 0,
      weights: 0,
      control: 3,
      link: 0,
      total: 3,
      saved: 0,
    });
  });

  it('refuses with an error message first and the close status after it', async () => {
    const [left, right] = loopbackPair();
    new Link(left).refuse(new TandemError('BAD_LABEL', 'x'.repeat(3_000), undefined, 17));
    const link = new Link(right);
    const messages = link.messages();
    const { value: message } = await messages.next();
    expect(message).toMatchObject({ type: 'error', code: 'BAD_LABEL', message: `${'x'.repeat(899)}…`, step: 17 });
    await expect(messages.next()).rejects.toThrow(/BAD_LABEL \(4406\)/);
  });

  it('fits the error message to its header, however wide its characters are', async () => {
    const [left, right] = loopbackPair();
    new Link(left).refuse(new TandemError('BAD_DATA', '€'.repeat(1_000), '€'.repeat(1_000)));
    const { value: message } = await new Link(right).messages().next();
    expect(message).toMatchObject({ message: `${'€'.repeat(899)}…`, action: `${'€'.repeat(299)}…` });
  });

  it('does not send what the other side would refuse', async () => {
    const [left, right] = loopbackPair();
    const link = new Link(left);
    expect(() => link.send({ type: 'settled', number: -3 })).toThrow(
      /not sent, since field settled.number is -3, expected an integer/,
    );
    link.send({ type: 'settled', number: 3 });
    expect((await new Link(right).messages().next()).value).toEqual({ type: 'settled', number: 3 });
  });
});

describe('the byte meter', () => {
  it('puts every message into the account its definition names', () => {
    const meter = new ByteMeter();
    meter.add({ type: 'release', round: 3, last: 7 }, 19, 'sent');
    meter.add({ type: 'model', payload: new Uint8Array(5) }, 23, 'sent');
    meter.add({ type: 'bottom', round: 3, updates: null, payload: new Uint8Array(5) }, 29, 'sent');
    meter.add({ type: 'cutGradient', step: 3, loss: 0.5, tensors: [] }, 31, 'received');
    meter.add({ type: 'prediction', id: 3, loss: null, tensors: [] }, 37, 'received');
    meter.add({ type: 'settled', number: 3 }, 43, 'received');
    meter.addUnread(41);
    expect(meter.counts).toEqual({
      up: 0,
      down: 68,
      labels: 0,
      weights: 52,
      control: 60,
      link: 43,
      total: 180,
      saved: 0,
    });
    // What keeps the session alive is in neither.
    expect([meter.sent, meter.received]).toEqual([19 + 23 + 29, 31 + 37 + 41]);
  });
});

/** A socket nobody reads from. */
class StuckSocket implements SocketLike {
  binaryType = 'arraybuffer';
  readonly readyState = 1;
  bufferedAmount = 0;
  send(data: Uint8Array): void {
    this.bufferedAmount += data.length;
  }
  close(): void {
    this.bufferedAmount = 0;
  }
  addEventListener(): void {
    // Nothing ever happens to it.
  }
}
