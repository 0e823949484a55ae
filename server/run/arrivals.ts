import { smallest } from '../../shared/extremes.js';

interface Entry {
  readonly client: number;
  /** How many came before it. */
  readonly place: number;
}

/** So many that wait no more may be in the way of others. */
const SPARE = 64;

/** Clients whose next step has come and waits for the lane that all share, where it takes steps as they come. */
export class Arrivals {
  /** Who waits, and its place. */
  private readonly places = new Map<number, number>();
  /** By their places: those whose steps may be taken, from `head` on, among them some that wait no more; and those that are too far ahead. */
  private ready: Entry[] = [];
  private head = 0;
  private early: Entry[] = [];
  /** How many clients that have steps left have had so many taken. */
  private readonly levels = new Map<number, number>();
  /** How many the slowest of them has had taken. */
  private behind = Infinity;
  private count = 0;

  constructor(
    /** Steps that a client may be ahead of the slowest. */
    private readonly staleness: number,
    /** How many steps of a client were taken. */
    private readonly takenOf: (client: number) => number,
  ) {}

  has(client: number): boolean {
    return this.places.has(client);
  }

  arrive(client: number): void {
    const place = this.count++;
    this.places.set(client, place);
    (this.isEarly(client) ? this.early : this.ready).push({ client, place });
    if (this.ready.length > SPARE + 2 * this.places.size) this.tidy();
  }

  remove(client: number): void {
    this.places.delete(client);
  }

  /** Who came first of those that may go. */
  get first(): number | undefined {
    for (let entry = this.ready[this.head]; entry; entry = this.ready[++this.head])
      if (this.waits(entry)) return entry.client;
    [this.ready, this.head] = [[], 0];
    return undefined;
  }

  /** In the order in which they came. */
  get all(): number[] {
    return this.inOrder([...this.ready, ...this.early]).map(({ client }) => client);
  }

  /** A client has `to` steps taken instead of `from`; null where it has no part yet, or no more. */
  move(from: number | null, to: number | null): void {
    if (this.staleness === Infinity) return;
    if (to !== null) this.levels.set(to, (this.levels.get(to) ?? 0) + 1);
    const rest = from === null ? 0 : (this.levels.get(from) ?? 1) - 1;
    if (from !== null && rest > 0) this.levels.set(from, rest);
    else if (from !== null) this.levels.delete(from);
    if (this.levels.has(this.behind) && (to ?? this.behind) >= this.behind) return;
    this.behind = smallest(this.levels.keys());
    this.wake();
  }

  /** Those that are no longer too far ahead wait with the others. */
  private wake(): void {
    const due = this.early.filter(({ client }) => !this.isEarly(client));
    if (due.length === 0) return;
    this.early = this.early.filter(({ client }) => this.isEarly(client));
    this.tidy(due);
  }

  /** Those who wait and may go, and no others. */
  private tidy(further: readonly Entry[] = []): void {
    [this.ready, this.head] = [this.inOrder([...this.ready.slice(this.head), ...further]), 0];
  }

  private isEarly(client: number): boolean {
    return this.takenOf(client) - this.behind > this.staleness;
  }

  private waits({ client, place }: Entry): boolean {
    return this.places.get(client) === place;
  }

  private inOrder(entries: readonly Entry[]): Entry[] {
    return entries.filter((entry) => this.waits(entry)).sort((a, b) => a.place - b.place);
  }
}
