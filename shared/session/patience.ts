/** How long a side that owes nothing may be silent. */
const IDLE_SECONDS = 10;
/** Nobody knows how long the first piece of work of a kind takes: a model may have to be compiled. */
const FIRST_SECONDS = 300;
/** The least that later ones are given, and how often the longest so far. */
const LATER_SECONDS = 60;
const LONGEST_TIMES = 20;

/**
 * How long the other side may be silent before its link counts as lost. A side that computes cannot answer pings, and looks like a dead
 * network; so while it owes a reply it may take many times as long as such work has taken so far.
 */
export class Patience {
  private readonly longest = new Map<string, number>();
  private silentSeconds = 0;

  constructor(
    /** The kind of work the other side owes a reply to; null when it owes none. */
    private readonly owes: () => string | null,
  ) {}

  /** Nothing has come for so long. */
  silent(seconds: number): void {
    this.silentSeconds = seconds;
  }

  /** A message has come: the silence before it is how long such work takes. */
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
