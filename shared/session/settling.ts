/** A checkpoint that is valid only as long as the other side keeps what it received up to `needs`. */
interface Offer {
  readonly received: number;
  readonly needs: number;
}

/** Which received messages the other side may forget, because no checkpoint here would ask for them again. */
export class Settling {
  /** How much the last checkpoint had received that stays valid even if the other side crashes; undefined without checkpoints. */
  stored: number | undefined;
  /** The newest checkpoint, while it lacks messages that the other side holds in memory alone. */
  private offer: Offer | undefined;
  /** How many messages of this side the other one has taken; it may lose some of them in a crash. */
  private taken = 0;
  /** What the other side will never ask for again. */
  private settledThere = 0;

  /** A checkpoint was written: it had received `received` messages, and holds every message the other side can ask for. */
  store(received: number | undefined): void {
    this.stored = received;
  }

  /** A checkpoint was written without the messages sent up to `needs`, which the other side has taken. */
  storeWithout(received: number, needs: number): void {
    this.offer = { received, needs };
    this.accept();
  }

  /** The other side said that it has taken so many. */
  tookThere(count: number): void {
    this.taken = Math.max(this.taken, count);
  }

  /** A new link: the other side has received so many, fewer than before if it has crashed. */
  isBackAt(count: number): void {
    this.taken = Math.min(this.taken, count);
  }

  settled(number: number): void {
    this.tookThere(number);
    this.settledThere = Math.max(this.settledThere, number);
    this.accept();
  }

  /** How many sent messages a checkpoint may leave out: the other side has them, if only in memory. */
  get takenThere(): number {
    return this.taken;
  }

  /** Whether the newest checkpoint stays valid even if the other side crashes. */
  get isSafe(): boolean {
    return this.offer === undefined;
  }

  /** The last message that the other side may forget, as long as it does not crash itself. */
  get number(): number | undefined {
    const { offer } = this;
    return offer && this.taken >= offer.needs ? offer.received : this.stored;
  }

  private accept(): void {
    if (!this.offer || this.settledThere < this.offer.needs) return;
    this.stored = this.offer.received;
    this.offer = undefined;
  }
}
