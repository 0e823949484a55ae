/**
 * The causal order of messages over one link: how many messages a side had received before it sent its next one. It goes over
 * the wire only on a link that took the place of another, for messages that are sent again.
 */
export class CausalOrder {
  /** How many messages the other side had received before it sent what arrives now. */
  theirs = 0;
  private told = 0;

  constructor(
    /** How many messages this side had received when the link began. */
    private readonly resumedAt: number,
  ) {}

  /** Whether the other side must be told that this one had received `after` messages when it sent the next. */
  mustTell(after: number): boolean {
    if (after <= this.told || after > this.resumedAt) return false;
    this.told = after;
    return true;
  }
}
