import { smallest } from '../../shared/extremes.js';

interface Entry {
  readonly client: number;
  /** How many came before it. */
  readonly position: number;
}

/** Entries that wait no more are tidied away beyond so many. */
const SPARE = 64;

/** Clients whose next step has arrived and waits for a shared lane that takes steps as they arrive. */
export class Arrivals {
  /** The position of each client that waits. */
  private readonly positions = new Map<number, number>();
  /** By position: clients whose steps may be taken, from `head` on (some wait no more), and clients that are too far ahead. */
  private ready: Entry[] = [];
  private head = 0;
  private early: Entry[] = [];
  /** By steps taken: how many clients with steps left are there. */
  private readonly levels = new Map<number, number>();
  /** Steps taken of the slowest client. */
  private behind = Infinity;
  private count = 0;

  constructor(
    /** Steps that a client may be ahead of the slowest. */
    private readonly staleness: number,
    /** How many steps of a client were taken. */
    private readonly takenOf: (client: number) => number,
  ) {}

  has(client: number): boolean {
    return this.positions.has(client);
  }

  arrive(client: number): void {
    const position = this.count++;
    this.positions.set(client, position);
    (this.isEarly(client) ? this.early : this.ready).push({ client, position });
    if (this.ready.length > SPARE + 2 * this.positions.size) this.tidy();
  }

  remove(client: number): void {
    this.positions.delete(client);
  }

  /** The client that came first of those whose steps may be taken. */
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

  /** A client now has `to` steps taken instead of `from`; null where it has no steps yet, or none left. */
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

  /** Clients that are no longer too far ahead wait with the others. */
  private wake(): void {
    const due = this.early.filter(({ client }) => !this.isEarly(client));
    if (due.length === 0) return;
    this.early = this.early.filter(({ client }) => this.isEarly(client));
    this.tidy(due);
  }

  /** Keeps only entries that still wait. */
  private tidy(further: readonly Entry[] = []): void {
    [this.ready, this.head] = [this.inOrder([...this.ready.slice(this.head), ...further]), 0];
  }

  private isEarly(client: number): boolean {
    return this.takenOf(client) - this.behind > this.staleness;
  }

  private waits({ client, position }: Entry): boolean {
    return this.positions.get(client) === position;
  }

  private inOrder(entries: readonly Entry[]): Entry[] {
    return entries.filter((entry) => this.waits(entry)).sort((a, b) => a.position - b.position);
  }
}
