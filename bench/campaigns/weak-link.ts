import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A client's own way to the network: as slow as it is told, and cut when it is told. */
export class WeakLink {
  /** Connections so far. */
  opened = 0;
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    private readonly target: number,
    /** In each direction; Infinity for no bound. */
    private readonly bytesPerSecond: number,
  ) {
    server.on('connection', (near) => this.bridge(near));
  }

  static async open(target: number, bitsPerSecond = Infinity): Promise<WeakLink> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new WeakLink(server, target, bitsPerSecond / 8);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** True where there was a connection to cut. */
  cut(): boolean {
    const hadSome = this.sockets.size > 0;
    this.sockets.forEach((socket) => socket.destroy());
    return hadSome;
  }

  close(): void {
    this.server.close();
    this.cut();
  }

  private bridge(near: Socket): void {
    this.opened++;
    const far = connect(this.target, '127.0.0.1');
    const both = [near, far];
    const end = () => both.forEach((socket) => socket.destroy());
    for (const socket of both) {
      this.sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', end);
      socket.on('close', () => {
        this.sockets.delete(socket);
        end();
      });
    }
    void this.carry(near, far);
    void this.carry(far, near);
  }

  /** What is not read yet waits in the kernel, and its sender with it. */
  private async carry(from: Socket, to: Socket): Promise<void> {
    try {
      for await (const piece of from as AsyncIterable<Buffer>) {
        if (!to.write(piece)) await new Promise((resolve) => to.once('drain', resolve).once('close', resolve));
        const seconds = piece.length / this.bytesPerSecond;
        if (seconds > 0) await new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
      }
      to.end();
    } catch {
      // It was cut, which is what it is here for.
    }
  }
}
