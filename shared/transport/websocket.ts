import { TandemError } from '../errors.js';
import { FrameQueue } from './frame-queue.js';
import { closeError, NORMAL_CLOSE, type Transport } from './transport.js';

/** What a browser's WebSocket and the `ws` package have in common. */
export interface SocketLike {
  binaryType: string;
  readonly readyState: number;
  readonly bufferedAmount: number;
  send(data: Uint8Array): void;
  close(code?: number, reason?: string): void;
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void;
  addEventListener(type: 'close', listener: (event: { code: number; reason: string }) => void): void;
  addEventListener(type: 'error' | 'open', listener: () => void): void;
}

const OPEN = 1;

export interface WebSocketTransportOptions {
  /** Bytes that may wait in the send buffer before the peer counts as too slow. */
  readonly maxBufferedBytes?: number;
}

/** A transport over an open WebSocket. */
export class WebSocketTransport implements Transport {
  private readonly queue = new FrameQueue();
  private readonly maxBufferedBytes: number;

  constructor(
    private readonly socket: SocketLike,
    { maxBufferedBytes = 256 * 1024 * 1024 }: WebSocketTransportOptions = {},
  ) {
    this.maxBufferedBytes = maxBufferedBytes;
    socket.binaryType = 'arraybuffer';
    socket.addEventListener('message', ({ data }) => {
      if (data instanceof ArrayBuffer) this.queue.push(new Uint8Array(data));
      else this.queue.end(new TandemError('BAD_FRAME', 'a text message arrived where only binary ones are sent'));
    });
    socket.addEventListener('close', ({ code, reason }) => {
      this.queue.end(closeError(code, reason));
    });
    // A close event always follows.
    socket.addEventListener('error', () => undefined);
  }

  send(bytes: Uint8Array): void {
    if (this.socket.readyState !== OPEN) throw new TandemError('LINK_LOST', 'the link is closed');
    if (this.socket.bufferedAmount > this.maxBufferedBytes) {
      throw new TandemError('TOO_SLOW', `${this.socket.bufferedAmount} bytes wait to be read by the other side`);
    }
    this.socket.send(bytes);
  }

  frames(): AsyncIterable<Uint8Array> {
    return this.queue;
  }

  close(status = NORMAL_CLOSE, reason = ''): void {
    this.socket.close(status, reason);
  }

  /** Takes the link for lost, without waiting for the other side, which may be out of reach, to agree to its end. */
  lose(): void {
    this.queue.end(new TandemError('LINK_LOST', 'the link was given up'));
    this.socket.close();
  }
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
