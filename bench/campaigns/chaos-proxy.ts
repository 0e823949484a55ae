import { connect, createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { createRng, type Rng } from '../../shared/rng.js';

export type Fault = 'delay' | 'split' | 'stall' | 'reset';
export type FaultCounts = Readonly<Record<Fault, number>>;

/** Whether a piece of bytes meets a fault, and which. */
export const faultKinds: readonly Fault[] = ['delay', 'split', 'stall', 'reset'];

/**
 * A TCP proxy that disturbs what goes through it, by a seed: it holds bytes back, hands them on one by one, stops handing them on without a
 * word, or cuts the connection. Which fault comes is fixed by the seed; on which bytes it falls depends on how the kernel cut them.
 */
export class ChaosProxy {
  private readonly rng: Rng;
  private readonly counts: Record<Fault, number> = { delay: 0, split: 0, stall: 0, reset: 0 };
  private readonly sockets = new Set<Socket>();
  private quiet = false;

  private constructor(
    private readonly server: Server,
    private readonly target: number,
    /** One piece of bytes in so many meets a fault. */
    private readonly every: number,
    seed: string | number,
    private readonly kinds: readonly Fault[],
  ) {
    this.rng = createRng('chaos', seed);
    server.on('connection', (socket) => this.bridge(socket));
  }

  static async open(
    target: number,
    every: number,
    seed: string | number,
    kinds: readonly Fault[] = faultKinds,
  ): Promise<ChaosProxy> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new ChaosProxy(server, target, every, seed, kinds);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get faults(): FaultCounts {
    return { ...this.counts };
  }

  /** From now on nothing is disturbed. */
  calm(): void {
    this.quiet = true;
  }

  async close(): Promise<void> {
    this.sockets.forEach((socket) => socket.destroy());
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  private bridge(near: Socket): void {
    const far = connect(this.target, '127.0.0.1');
    const pair = [near, far] as const;
    const cut = () => pair.forEach((socket) => socket.destroy());
    for (const socket of pair) {
      this.sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', cut);
      socket.on('close', () => {
        this.sockets.delete(socket);
        cut();
      });
    }
    const state = { stalled: false };
    void this.pipe(near, far, state, cut);
    void this.pipe(far, near, state, cut);
  }

  private async pipe(from: Socket, to: Socket, state: { stalled: boolean }, cut: () => void): Promise<void> {
    try {
      for await (const piece of from as AsyncIterable<Buffer>) {
        if (state.stalled) continue;
        const fault =
          this.quiet || this.rng.int(this.every) > 0 ? undefined : this.kinds[this.rng.int(this.kinds.length)];
        if (fault) this.counts[fault]++;
        if (fault === 'reset') {
          // Some of it may have got through.
          to.write(piece.subarray(0, this.rng.int(piece.length + 1)));
          cut();
          return;
        }
        if (fault === 'stall') {
          state.stalled = true;
          continue;
        }
        if (fault === 'delay') await pause(1 + this.rng.int(20));
        if (fault === 'split') {
          for (let at = 0; at < piece.length; at += 997) {
            to.write(piece.subarray(at, at + 997));
            await pause(0);
          }
        } else to.write(piece);
      }
      to.end();
    } catch {
      cut();
    }
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
