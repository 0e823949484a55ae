/** A socket as seen from here; with TLS, the one below and the one above have the same peer. */
export interface NewSocket {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
  readonly destroyed: boolean;
  destroy(): unknown;
  once(event: 'close', listener: () => void): unknown;
}

/**
 * Sockets whose clients have not said who they are. Over the bound, the one goes that has waited longest: an honest client
 * says it at once, and so is always newer than one that only holds its place.
 */
export class Newcomers {
  private readonly waiting = new Map<string, NewSocket>();
  private readonly known = new WeakSet<NewSocket>();

  constructor(private readonly most: number) {}

  get count(): number {
    return this.waiting.size;
  }

  /** Returns the address of a socket that had to go for it. */
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

  /** Its client has said who it is, or asks for something else than a link. */
  leave(socket: Pick<NewSocket, 'remoteAddress' | 'remotePort'>): void {
    this.waiting.delete(peerOf(socket));
  }

  /** A socket may come here again, when it asks for a link. */
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
