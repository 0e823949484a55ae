/** A checkpoint on which the other side may rely once it will not ask for anything before `needs` any more. */
interface Offer {
  readonly received: number;
  readonly needs: number;
}

/** What the other side may forget, since no checkpoint here would make this side ask for it again. */
export class Settling {
  /** What a checkpoint holds that is good whatever happens to the other side; undefined where there are none. */
  stored: number | undefined;
  /** The newest checkpoint, where it lacks messages that the other side has, but may have lost after a crash. */
  private offer: Offer | undefined;
  /** How many messages from here the other side has taken; it may lose some of them in a crash. */
  private taken = 0;
  /** What the other side will never ask for again. */
  private settledThere = 0;

  /** Checkpoints hold what was received up to `received`, with all that the other side can ask for. */
  store(received: number | undefined): void {
    this.stored = received;
  }

  /** The newest one lacks what was sent up to `needs`. */
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

  /** What a checkpoint need not hold of what was sent: the other side has it, if only in memory. */
  get takenThere(): number {
    return this.taken;
  }

  /** Whether the newest checkpoint is good whatever happens to the other side. */
  get isSafe(): boolean {
    return this.offer === undefined;
  }

  /** What the other side may forget as long as it does not crash itself. */
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
