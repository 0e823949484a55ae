/** What both sides of a link have said of how much had been received before a message was sent: told again only where a link took the place of another. */
export class Afters {
  /** What the other side had received before it sent what comes next. */
  heard = 0;
  private told = 0;

  constructor(
    /** What was received when this link took the place of another. */
    private readonly resumedAt: number,
  ) {}

  /** Whether the other side is to be told that the next message follows from the first `after`. */
  isNews(after: number): boolean {
    if (after <= this.told || after > this.resumedAt) return false;
    this.told = after;
    return true;
  }
}
