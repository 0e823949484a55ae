/** How many sockets an address may still open, as of a moment. */
interface Left {
  sockets: number;
  atMs: number;
}

/** An empty bucket is full again after so long. */
const REFILL_MS = 20_000;
/** With so many addresses, full buckets are forgotten before one is added. */
const LOOK_AFTER = 1_000;

/**
 * A token bucket for each address, so that none opens sockets too fast: it holds twice as many as the address may have open at once, and refills in twenty
 * seconds. A socket beyond that is closed before anything of it is read, which costs a small part of an answer.
 */
export class SocketBuckets {
  private readonly left = new Map<string, Left>();

  private readonly most: number;

  constructor(
    atOnce: number,
    private readonly nowMs: () => number = () => performance.now(),
  ) {
    this.most = 2 * atOnce;
  }

  /** Whether an address may open one more now. */
  opens(key: string): boolean {
    if (this.left.size >= LOOK_AFTER && !this.left.has(key)) this.forget();
    const own = this.filled(this.left.get(key));
    this.left.set(key, own);
    if (own.sockets < 1) return false;
    own.sockets--;
    return true;
  }

  private filled(before: Left | undefined): Left {
    const atMs = this.nowMs();
    if (!before) return { sockets: this.most, atMs };
    const more = ((atMs - before.atMs) / REFILL_MS) * this.most;
    return { sockets: Math.min(this.most, before.sockets + more), atMs };
  }

  private forget(): void {
    for (const [key, own] of this.left) if (this.filled(own).sockets >= this.most) this.left.delete(key);
  }
}
