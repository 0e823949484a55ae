import { TandemError } from '../errors.js';
import { FrameQueue } from './frame-queue.js';
import { RoomCalls } from './room-calls.js';
import { closeError, NORMAL_CLOSE, type Transport } from './transport.js';

/** Messages on their way to a reader that has not taken them, beyond which there is no room. */
const MOST_UNREAD = 64;

/** Two ends of a link inside one process: same ordering, same ownership of bytes, same waiting for room, same closing as a socket. */
export function loopbackPair(): [Transport, Transport] {
  const [left, right] = [new LoopbackTransport(), new LoopbackTransport()];
  left.peer = right;
  right.peer = left;
  return [left, right];
}

class LoopbackTransport implements Transport {
  peer: LoopbackTransport | undefined;
  private readonly queue = new FrameQueue((waiting) => this.peer?.reached(waiting));
  private readonly calls = new RoomCalls();
  private open = true;
  private underWay = 0;
  private unread = 0;

  send(bytes: Uint8Array): void {
    if (!this.open) throw new TandemError('LINK_LOST', 'the link is closed');
    // A copy, as on a wire: what the receiver does to its bytes is its own affair.
    const copy = new Uint8Array(bytes);
    this.underWay++;
    later(() => {
      this.underWay--;
      this.peer?.queue.push(copy);
    });
  }

  get hasRoom(): boolean {
    return this.underWay + this.unread < MOST_UNREAD;
  }

  onRoom(callback: () => void): void {
    this.calls.add(callback);
    if (this.hasRoom || !this.open) later(() => this.calls.make());
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

  /** So much of what was sent has not been read. */
  private reached(unread: number): void {
    this.unread = unread;
    if (this.hasRoom) this.calls.make();
  }

  private end(status: number, reason: string): void {
    this.open = false;
    this.queue.end(closeError(status, reason));
    this.calls.make();
  }
}

/** The next turn of the event loop, as a socket's message would come; a microtask would starve timers and signals. */
const later: (run: () => void) => void = globalThis.setImmediate ?? ((run) => setTimeout(run, 0));
