import { realClock, type Clock } from '../clock.js';
import { TandemError } from '../errors.js';
import { FrameQueue } from './frame-queue.js';
import { SendBuffer } from './send-buffer.js';
import { closeError, closeReason, NORMAL_CLOSE, type Transport } from './transport.js';

/** What a browser's WebSocket and the `ws` package have in common, and what only the latter can. */
export interface SocketLike {
  binaryType: string;
  readonly readyState: number;
  readonly bufferedAmount: number;
  /** A browser does not call back. */
  send(data: Uint8Array, passedOn?: () => void): void;
  /** The same with a part of a message, which the other side puts together again. */
  send(data: Uint8Array, part: { readonly fin: boolean }, passedOn: () => void): void;
  close(code?: number, reason?: string): void;
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void;
  addEventListener(type: 'close', listener: (event: { code: number; reason: string }) => void): void;
  addEventListener(type: 'open', listener: () => void): void;
  /** A browser does not say what went wrong. */
  addEventListener(type: 'error', listener: (event: { error?: unknown }) => void): void;
  /** Stops and goes on taking bytes off the network; a browser takes all that come. */
  pause?(): void;
  resume?(): void;
  /** Ends the connection without a word. */
  terminate?(): void;
}

const OPEN = 1;
/** Messages that wait to be read, beyond which no more are taken off the network. */
const MOST_UNREAD = 64;
const PART_BYTES = 256 * 1024;
/** A peer may take no more of one message. */
const MOST_PARTS = 512;
const ROOM_BYTES = 256 * 1024;
/** As long as a silent peer is given, two heartbeats: it may be in the middle of a long step. */
const SLOW_SECONDS = 30;
/** For a close to reach a peer that may never answer it. */
const LAST_WORDS_SECONDS = 1;

export interface WebSocketTransportOptions {
  /** Bytes that wait in the send buffer from which on there is no room for more. */
  readonly roomBytes?: number;
  /** Bytes that may wait there in all, whether who sent them has looked for room or not; any number when left out. */
  readonly maxBufferedBytes?: number;
  /** Seconds in which the other side takes nothing of what waits, before it is cut as too slow. */
  readonly slowSeconds?: number;
  readonly clock?: Clock;
  /** Of the socket below, where it can be seen. */
  readonly bytesRead?: () => number;
}

/** A transport over an open WebSocket. */
export class WebSocketTransport implements Transport {
  private readonly queue = new FrameQueue((waiting) => this.pauseOrResume(waiting));
  private readonly buffer: SendBuffer;
  private readonly maxBufferedBytes: number;
  private readonly clock: Clock;
  private isPaused = false;

  constructor(
    private readonly socket: SocketLike,
    private readonly options: WebSocketTransportOptions = {},
  ) {
    const { roomBytes = ROOM_BYTES, maxBufferedBytes = Infinity, clock = realClock } = options;
    this.maxBufferedBytes = maxBufferedBytes;
    this.clock = clock;
    this.buffer = new SendBuffer(() => socket.bufferedAmount, {
      clock,
      roomBytes,
      slowSeconds: options.slowSeconds ?? SLOW_SECONDS,
      tooSlow: (error) => this.cut(error),
    });
    socket.binaryType = 'arraybuffer';
    socket.addEventListener('message', ({ data }) => {
      if (data instanceof ArrayBuffer) this.queue.push(new Uint8Array(data));
      else this.queue.end(new TandemError('BAD_FRAME', 'a text message arrived where only binary ones are sent'));
    });
    socket.addEventListener('close', ({ code, reason }) => {
      this.queue.end(closeError(code, reason));
      this.buffer.end();
    });
    // A close event always follows, which does not say why.
    socket.addEventListener('error', ({ error }) => {
      const why = brokenRule(error);
      if (why) this.queue.end(why);
    });
  }

  send(bytes: Uint8Array): void {
    if (this.socket.readyState !== OPEN) throw new TandemError('LINK_LOST', 'the link is closed');
    if (this.socket.bufferedAmount > this.maxBufferedBytes) {
      throw new TandemError('TOO_SLOW', `${this.socket.bufferedAmount} bytes wait to be read by the other side`);
    }
    this.give(bytes);
    this.buffer.gave(bytes.length);
  }

  /** Long messages in parts, since a socket does not say how much of one write has gone; a browser sees that by itself. */
  private give(bytes: Uint8Array): void {
    const look = () => this.buffer.look();
    if (!this.socket.terminate || bytes.length <= PART_BYTES) {
      this.socket.send(bytes, look);
      return;
    }
    const size = Math.max(PART_BYTES, Math.ceil(bytes.length / MOST_PARTS));
    for (let at = 0; at < bytes.length; at += size) {
      this.socket.send(bytes.subarray(at, at + size), { fin: at + size >= bytes.length }, look);
    }
  }

  get hasRoom(): boolean {
    return this.buffer.hasRoom;
  }

  onRoom(callback: () => void): void {
    this.buffer.onRoom(callback);
  }

  bearWith(seconds: () => number): void {
    this.buffer.bearWith(seconds);
  }

  get bytesRead(): number | undefined {
    return this.options.bytesRead?.();
  }

  frames(): AsyncIterable<Uint8Array> {
    return this.queue;
  }

  close(status = NORMAL_CLOSE, reason = ''): void {
    this.socket.close(status, reason);
  }

  /** Ends the link for a reason that both sides are told; the other one may not be reading, and is waited for no longer than a moment. */
  cut(error: TandemError, status = error.close): void {
    this.queue.end(error);
    this.buffer.end();
    this.socket.close(status, closeReason(error));
    this.clock.after(LAST_WORDS_SECONDS, () => this.socket.terminate?.());
  }

  /** Takes the link for lost, without waiting for the other side, which may be out of reach, to agree to its end. */
  lose(): void {
    this.queue.end(new TandemError('LINK_LOST', 'the link was given up'));
    this.buffer.end();
    this.socket.close();
  }

  private pauseOrResume(unread: number): void {
    if (!this.isPaused && unread >= MOST_UNREAD) {
      this.isPaused = true;
      this.socket.pause?.();
    } else if (this.isPaused && unread <= MOST_UNREAD / 2) {
      this.isPaused = false;
      this.socket.resume?.();
    }
  }
}

/** What the other side did that no WebSocket may, by the codes of `ws`; undefined for everything else. */
function brokenRule(error: unknown): TandemError | undefined {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: string };
  if (typeof code !== 'string' || !code.startsWith('WS_ERR_')) return undefined;
  if (code !== 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') return new TandemError('BAD_FRAME', message ?? code);
  return new TandemError('TOO_LARGE', 'a message came that is larger than any this side takes');
}

/** Resolves once a socket is open. Throws UNREACHABLE with the address. */
export function opened(socket: SocketLike, url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve);
    const fail = () => reject(new TandemError('UNREACHABLE', `no Tandem server answers at ${url}`));
    socket.addEventListener('error', fail);
    socket.addEventListener('close', fail);
  });
}
