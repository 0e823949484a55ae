/** One link's bytes that wait: of a message that is not complete, or of replies that were not taken. */
export interface Waiting {
  /** What waits now. */
  bytes(): number;
  /** Whether it belongs to a client of the run, which may be slow: such go last. */
  isMember(): boolean;
  /** Ends the link, whose bytes waited longest of `total`. */
  cut(total: number): void;
}

/**
 * A bound on what all links together may keep waiting. Over it, the link whose bytes have waited longest goes: an honest
 * one completes its messages and takes its replies, and so is always younger than one that hoards. Clients of the run are let go
 * only when nobody else is left: the bound is more than all of them together can come to.
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

  /** Something came or went on the link. */
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
    // A map keeps its order, and the oldest came first. What has drained meanwhile is not held against it.
    const links = [...this.since.keys()];
    const oldest = links.find((link) => !link.isMember()) ?? links[0];
    if (!oldest) return;
    const [before, now] = [this.sizes.get(oldest) ?? 0, oldest.bytes()];
    this.forget(oldest);
    if (now === before) oldest.cut(this.total + now);
    else if (now > 0) this.note(oldest);
  }
}
