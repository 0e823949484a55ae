/** One link's buffered bytes: an incomplete message, and replies that were not taken. */
export interface Waiting {
  /** How many there are now. */
  bytes(): number;
  /** Whether it is a client of the run, which may be slow: such links are cut last. */
  isMember(): boolean;
  /** Ends the link, whose bytes have been buffered for longest when there are `total`. */
  cut(total: number): void;
}

/**
 * A bound on the bytes that all links together may have buffered. Over it, the link whose bytes have waited longest is cut: an honest one
 * completes its messages and takes its replies, so it is always younger than one that hoards. Clients of the run are cut last: the bound is
 * more than all of them together can reach.
 */
export class WaitingBytes {
  private readonly since = new Map<Waiting, number>();
  private readonly sizes = new Map<Waiting, number>();
  private total = 0;
  private clock = 0;

  constructor(private readonly max: number) {}

  get bytes(): number {
    return this.total;
  }

  /** The link's buffered bytes may have changed. */
  note(link: Waiting): void {
    const bytes = link.bytes();
    this.total += bytes - (this.sizes.get(link) ?? 0);
    if (bytes === 0) this.drop(link);
    else {
      this.sizes.set(link, bytes);
      if (!this.since.has(link)) this.since.set(link, this.clock++);
    }
    while (this.total > this.max) this.cutOldest();
  }

  forget(link: Waiting): void {
    this.total -= this.sizes.get(link) ?? 0;
    this.drop(link);
  }

  private drop(link: Waiting): void {
    this.sizes.delete(link);
    this.since.delete(link);
  }

  private cutOldest(): void {
    // A map keeps its order: the oldest is first. A link whose bytes have changed meanwhile is not cut.
    const links = [...this.since.keys()];
    const oldest = links.find((link) => !link.isMember()) ?? links[0];
    if (!oldest) return;
    const [before, now] = [this.sizes.get(oldest) ?? 0, oldest.bytes()];
    this.forget(oldest);
    if (now === before) oldest.cut(this.total + now);
    else if (now > 0) this.note(oldest);
  }
}
