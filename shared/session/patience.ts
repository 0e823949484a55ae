/** How long a side that waits for nothing in particular may be silent. */
const IDLE_SECONDS = 10;
/** Nobody knows how long the first piece of work of a kind takes: a model may have to be compiled. */
const FIRST_SECONDS = 300;
/** The least that later ones are given, and how often the longest so far. */
const LATER_SECONDS = 60;
const LONGEST_TIMES = 20;

/**
 * How long the other side may be silent. Who computes in one piece answers nothing meanwhile, and looks like a network that swallows
 * everything; so who owes work is given what its work has taken so far, many times over.
 */
export class Patience {
  private readonly longest = new Map<string, number>();
  private silentSeconds = 0;

  constructor(
    /** What the other side is at work on, in a word; null where it only waits. */
    private readonly owes: () => string | null,
  ) {}

  /** Nothing has come for so long. */
  silent(seconds: number): void {
    this.silentSeconds = seconds;
  }

  /** A message has come: however long it took, it was no loss. */
  heard(): void {
    const work = this.owes();
    if (work !== null) this.longest.set(work, Math.max(this.silentSeconds, this.longest.get(work) ?? 0));
    this.silentSeconds = 0;
  }

  get seconds(): number {
    const work = this.owes();
    if (work === null) return IDLE_SECONDS;
    const longest = this.longest.get(work);
    return longest === undefined ? FIRST_SECONDS : Math.max(LATER_SECONDS, LONGEST_TIMES * longest);
  }
}
