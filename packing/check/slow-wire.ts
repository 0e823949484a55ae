import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import type { TransformCallback } from 'node:stream';
import { Transform } from 'node:stream';

const CHUNK_BYTES = 1400;

export interface SlowWire {
  readonly port: number;
  close(): void;
}

/** A wire to a port of this machine on which each way takes half the delay, and all that comes back shares so many bytes a second. */
export async function slowWire(to: number, delayMs: number, bytesPerSecond: number): Promise<SlowWire> {
  /** When the wire is free again. */
  let freeMs = 0;
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(to, '127.0.0.1');
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => (near.destroy(), far.destroy()));
    }
    // What the far end has sent before it closed is still on its way.
    near.on('close', () => far.destroy());
    near.pipe(late(delayMs / 2)).pipe(far);
    const paced = new Transform({
      transform(chunk: Buffer, _encoding, done: TransformCallback) {
        void (async () => {
          for (let at = 0; at < chunk.length; at += CHUNK_BYTES) {
            const piece = chunk.subarray(at, at + CHUNK_BYTES);
            freeMs = Math.max(freeMs, performance.now()) + (1000 * piece.length) / bytesPerSecond;
            await new Promise((resolve) => setTimeout(resolve, freeMs - performance.now()));
            this.push(piece);
          }
          done();
        })();
      },
      highWaterMark: CHUNK_BYTES,
    });
    far
      .pipe(paced)
      .pipe(late(delayMs / 2))
      .pipe(near);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      sockets.forEach((socket) => socket.destroy());
      server.close();
    },
  };
}

/** Everything comes later, in its order. */
function late(ms: number): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      setTimeout(() => this.push(chunk), ms);
      done();
    },
    flush(done) {
      setTimeout(done, ms);
    },
  });
}
