/** A socket. With TLS there are two objects for one connection, with the same peer. */
export interface NewSocket {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
  readonly destroyed: boolean;
  destroy(): unknown;
  once(event: 'close', listener: () => void): unknown;
}

/**
 * Sockets without a hello so far. Over the bound, the oldest is closed: an honest client says hello at once, so it is always newer
 * than one that only holds a socket open.
 */
export class Newcomers {
  private readonly waiting = new Map<string, NewSocket>();
  private readonly known = new WeakSet<NewSocket>();

  constructor(private readonly most: number) {}

  get count(): number {
    return this.waiting.size;
  }

  /** Adds a socket. Returns the address of a socket that was closed for it. */
  arrive(socket: NewSocket): string | undefined {
    if (socket.destroyed) return undefined;
    const key = peerOf(socket);
    this.waiting.set(key, socket);
    this.forgetOnClose(key, socket);
    if (this.waiting.size <= this.most) return undefined;
    // A map keeps its order.
    const [[oldest, longest] = []] = this.waiting;
    if (oldest === undefined || !longest) return undefined;
    const { remoteAddress = 'unknown' } = longest;
    this.waiting.delete(oldest);
    longest.destroy();
    return remoteAddress;
  }

  /** A hello has come, or a request that is no link. */
  leave(socket: Pick<NewSocket, 'remoteAddress' | 'remotePort'>): void {
    this.waiting.delete(peerOf(socket));
  }

  /** Once for each socket: one that has carried a request comes here again when it asks for a link. */
  private forgetOnClose(key: string, socket: NewSocket): void {
    if (this.known.has(socket)) return;
    this.known.add(socket);
    socket.once('close', () => {
      if (this.waiting.get(key) === socket) this.waiting.delete(key);
    });
  }
}

function peerOf({ remoteAddress = '', remotePort = 0 }: Pick<NewSocket, 'remoteAddress' | 'remotePort'>): string {
  return `${remoteAddress} ${remotePort}`;
}
