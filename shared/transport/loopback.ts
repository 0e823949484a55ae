import { TandemError } from '../errors.js';
import { FrameQueue } from './frame-queue.js';
import { closeError, NORMAL_CLOSE, type Transport } from './transport.js';

/** Two ends of a link inside one process: same ordering, same ownership of bytes, same closing as a socket. */
export function loopbackPair(): [Transport, Transport] {
  const [left, right] = [new LoopbackTransport(), new LoopbackTransport()];
  left.peer = right;
  right.peer = left;
  return [left, right];
}

class LoopbackTransport implements Transport {
  peer: LoopbackTransport | undefined;
  private readonly queue = new FrameQueue();
  private open = true;

  send(bytes: Uint8Array): void {
    if (!this.open) throw new TandemError('LINK_LOST', 'the link is closed');
    // A copy, as on a wire: what the receiver does to its bytes is its own affair.
    const copy = new Uint8Array(bytes);
    later(() => this.peer?.queue.push(copy));
  }

  frames(): AsyncIterable<Uint8Array> {
    return this.queue;
  }

  close(status = NORMAL_CLOSE, reason = ''): void {
    this.open = false;
    later(() => {
      this.end(status, reason);
      this.peer?.end(status, reason);
    });
  }

  private end(status: number, reason: string): void {
    this.open = false;
    this.queue.end(closeError(status, reason));
  }
}

/** The next turn of the event loop, as a socket's message would come; a microtask would starve timers and signals. */
const later: (run: () => void) => void = globalThis.setImmediate ?? ((run) => setTimeout(run, 0));
