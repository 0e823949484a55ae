import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { encodeMessage } from '../../shared/protocol/message-codec.js';
import { hello } from './hello.js';

/** What a socket does to a server, for as long as it is let. */
export const hostileKinds = [
  'slow headers',
  'silence',
  'fragments',
  'early bulk',
  'half a message',
  'slow reader',
] as const;
export type HostileKind = (typeof hostileKinds)[number];

export interface HostileSocketsOptions {
  readonly port: number;
  readonly count: number;
  /** How large a message the server takes: the hostile keep just below. */
  readonly maxMessageBytes: number;
  /** A socket that was cut comes back after this time. */
  readonly returnAfterMs: number;
  /** Which kinds, in turn; all when left out. */
  readonly kinds?: readonly HostileKind[];
}

const BEAT_MS = 250;
const CHUNK = 16 * 1024;

/** Many sockets that are slow, silent or endless, each on its own, until `stop`. */
export class HostileSockets {
  /** How often a socket was opened, and cut by the server. */
  readonly opened: Record<string, number> = {};
  readonly cut: Record<string, number> = {};
  private readonly sockets = new Set<Socket>();
  private stopped = false;

  constructor(private readonly options: HostileSocketsOptions) {}

  start(): void {
    const { count, kinds = hostileKinds } = this.options;
    for (let i = 0; i < count; i++) {
      const kind = kinds[i % kinds.length]!;
      setTimeout(() => this.open(kind), (i * 1000) / count);
    }
  }

  stop(): void {
    this.stopped = true;
    this.sockets.forEach((socket) => socket.destroy());
  }

  private open(kind: HostileKind): void {
    if (this.stopped) return;
    const { port, returnAfterMs } = this.options;
    this.opened[kind] = (this.opened[kind] ?? 0) + 1;
    const socket = connect(port, '127.0.0.1');
    const beats = beginning(kind, this.options.maxMessageBytes);
    const timer = setInterval(() => {
      if (!socket.writable || socket.writableLength >= CHUNK) return;
      const beat = beats.next();
      if (!beat.done) socket.write(beat.value);
    }, BEAT_MS);
    this.sockets.add(socket);
    // Most read what comes and drop it; the slow reader reads nothing at all.
    if (kind === 'slow reader') socket.pause();
    else socket.resume();
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearInterval(timer);
      this.sockets.delete(socket);
      if (this.stopped) return;
      this.cut[kind] = (this.cut[kind] ?? 0) + 1;
      setTimeout(() => this.open(kind), returnAfterMs).unref();
    });
  }
}

/** What is written, beat by beat. */
function* beginning(kind: HostileKind, maxMessageBytes: number): Generator<Buffer, void> {
  if (kind === 'slow headers') {
    yield Buffer.from('GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ');
    for (;;) yield Buffer.from('a');
  }
  yield handshake();
  switch (kind) {
    case 'silence':
      return;
    case 'early bulk':
      // Announces a large message before it has said hello.
      yield frameHead(0x82, maxMessageBytes - 1);
      for (;;) yield randomBytes(CHUNK);
    case 'fragments':
      yield messageFrame(encodeMessage(hello('infer')));
      yield Buffer.concat([frameHead(0x02, 1), Buffer.from('T')]);
      for (let i = 0; i < 1_000; i++) yield Buffer.concat([frameHead(0x00, 1), Buffer.from('T')]);
      return;
    case 'half a message': {
      yield messageFrame(encodeMessage(hello('infer')));
      yield frameHead(0x82, maxMessageBytes - 1);
      const chunk = Math.min(CHUNK, Math.floor(maxMessageBytes / 8));
      for (let sent = 0; sent + chunk <= maxMessageBytes / 2; sent += chunk) yield randomBytes(chunk);
      return;
    }
    default:
      // The answer to its hello is the model with all its weights, and it takes none of it.
      yield messageFrame(encodeMessage(hello('infer')));
  }
}

function handshake(): Buffer {
  const lines = ['GET / HTTP/1.1', 'Host: 127.0.0.1', 'Connection: Upgrade', 'Upgrade: websocket'];
  const key = `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`;
  return Buffer.from([...lines, 'Sec-WebSocket-Version: 13', key, '', ''].join('\r\n'));
}

function messageFrame(message: Uint8Array): Buffer {
  return Buffer.concat([frameHead(0x82, message.length), message]);
}

/** The head of a masked WebSocket frame; with a mask of zeros the payload stays as it is. */
function frameHead(opcode: number, length: number): Buffer {
  const mask = Buffer.alloc(4);
  if (length < 126) return Buffer.concat([Buffer.from([opcode, 0x80 | length]), mask]);
  const head = Buffer.alloc(10);
  head[0] = opcode;
  head[1] = 0x80 | 127;
  head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, mask]);
}
