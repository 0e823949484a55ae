import { Arrivals } from './arrivals.js';
import type { CourseSettings } from './run-state.js';
import { sharesOf, type Turn } from './plan-round.js';
import { SeededOrder } from './seeded-order.js';

/** What a checkpoint has of a turn. */
export interface ActiveTurnSnapshot {
  readonly turn: Turn;
  readonly round: number;
  readonly size: number;
  readonly clients: readonly TurnClient[];
  readonly uploaded: readonly number[];
  readonly arrived: readonly number[];
  /** How many steps of the seeded order were passed. */
  readonly passed: number;
}

interface TurnClient {
  readonly client: number;
  /** Steps that its lane has not taken yet. */
  left: number;
  /** Steps of this turn that its lane has taken, and has done. */
  taken: number;
  done: number;
}

type Settings = Pick<CourseSettings, 'schedule' | 'seed' | 'staleness'>;

/** The turn under way: whose step is next on which lane, and whose bottom is waited for. */
export class ActiveTurn {
  private readonly clients = new Map<number, TurnClient>();
  private readonly sent = new Set<number>();
  /** Whether one lane takes all steps in an order that the seed fixes. */
  private readonly isSeeded;
  private readonly order: SeededOrder;
  private readonly arrivals: Arrivals;

  private constructor(
    settings: Settings,
    private readonly turn: Turn,
    private readonly round: number,
    /** How many clients it began with. */
    readonly size: number,
    clients: readonly TurnClient[],
  ) {
    this.order = new SeededOrder(turn.quotas, settings.seed, round);
    const { schedule, staleness } = settings;
    this.isSeeded = schedule.lanes === 'shared' && schedule.order === 'seeded';
    const bound = schedule.lanes === 'shared' && !this.isSeeded ? staleness : Infinity;
    this.arrivals = new Arrivals(bound, (client) => this.clients.get(client)?.taken ?? 0);
    for (const client of clients) {
      this.clients.set(client.client, client);
      if (client.left > 0) this.arrivals.move(null, client.taken);
    }
  }

  /** Undefined when none of its clients is here. */
  static begin(settings: Settings, turn: Turn, round: number, isHere: (client: number) => boolean) {
    const here = sharesOf(settings, turn, round).filter(({ client }) => isHere(client));
    const clients = here.map(({ client, steps }) => ({ client, left: steps, taken: 0, done: 0 }));
    return clients.length > 0 ? new ActiveTurn(settings, turn, round, clients.length, clients) : undefined;
  }

  static restore(settings: Settings, { turn, round, size, clients, uploaded, arrived, passed }: ActiveTurnSnapshot) {
    const copies = clients.map((client) => ({ ...client }));
    const active = new ActiveTurn(settings, turn, round, size, copies);
    active.order.passMany(passed);
    uploaded.forEach((client) => active.sent.add(client));
    arrived.forEach((client) => active.arrivals.arrive(client));
    return active;
  }

  /** As if the steps of `begun`, which lanes have not done yet, had not arrived. */
  snapshot(begun: readonly number[] = []): ActiveTurnSnapshot {
    const { turn, round, size, sent, arrivals, order } = this;
    const clients = [...this.clients.values()].map(({ left, taken, ...client }) => {
      const back = Number(begun.includes(client.client));
      return { ...client, left: left + back, taken: taken - back };
    });
    const passed = order.passed - (this.isSeeded ? begun.length : 0);
    return { turn, round, size, clients, uploaded: [...sent], arrived: arrivals.all, passed };
  }

  /** Whether its clients fill a pool, and so send no bottoms. */
  get sends(): boolean {
    return this.turn.sends ?? false;
  }

  /** What its clients still have to do. */
  get work(): { client: number; steps: number }[] {
    return [...this.clients.values()].map(({ client, left }) => ({ client, steps: left }));
  }

  /** Clients of this turn that have not been dropped. */
  get present(): number[] {
    return [...this.clients.keys()];
  }

  /** Clients that have sent their bottoms, in the order of arrival. */
  get uploaded(): number[] {
    return [...this.sent];
  }

  /** Whose bottoms are waited for. */
  get open(): number[] {
    return this.present.filter((client) => !this.sent.has(client));
  }

  get isComplete(): boolean {
    return this.sent.size === this.clients.size;
  }

  waitsFor(client: number): boolean {
    return this.clients.has(client) && !this.sent.has(client);
  }

  /** Clients whose step has arrived and waits for its lane. */
  get arrived(): number[] {
    return this.arrivals.all;
  }

  arrive(client: number): void {
    if (this.clients.has(client)) this.arrivals.arrive(client);
  }

  upload(client: number): void {
    if (this.clients.has(client)) this.sent.add(client);
  }

  /** The client whose step a lane takes next, if it has arrived. `decided` is set where that was decided before. */
  next(decided?: number): number | undefined {
    if (decided !== undefined) return this.hasArrived(decided) ? decided : undefined;
    if (!this.isSeeded) return this.arrivals.first;
    const next = this.nextSeeded;
    return next !== undefined && this.hasArrived(next) ? next : undefined;
  }

  hasArrived(client: number): boolean {
    return this.arrivals.has(client);
  }

  take(client: number): void {
    const entry = this.clients.get(client);
    if (!entry) return;
    this.arrivals.remove(client);
    entry.left--;
    entry.taken++;
    this.arrivals.move(entry.taken - 1, entry.left > 0 ? entry.taken : null);
    if (this.isSeeded) this.order.pass();
  }

  /** How many steps of a client lanes have done in this turn. */
  doneBy(client: number): number {
    return this.clients.get(client)?.done ?? 0;
  }

  /** A lane has done a step that it took. */
  count(client: number): void {
    const entry = this.clients.get(client);
    if (!entry) return;
    entry.done++;
    if (this.sends && entry.left === 0 && entry.done === entry.taken) this.sent.add(client);
  }

  /** Waits for a client no longer. An uploaded bottom still counts; without one, returns how many of its steps were done and not done. */
  drop(client: number): { readonly done: number; readonly undone: number } | undefined {
    const entry = this.clients.get(client);
    this.arrivals.remove(client);
    if (!entry || this.sent.has(client)) return undefined;
    this.clients.delete(client);
    const { left, taken, done } = entry;
    if (left > 0) this.arrivals.move(taken, null);
    return { done, undone: left + taken - done };
  }

  /** The client whose step comes next in the seeded order. Steps of clients that are gone are passed over; the order is never drawn again. */
  private get nextSeeded(): number | undefined {
    const waits = (client: number) => (this.clients.get(client)?.left ?? 0) > 0;
    for (;;) {
      const client = this.order.current;
      if (client === undefined || waits(client)) return client;
      if (this.order.isLeftBy(waits)) return undefined;
      this.order.pass();
    }
  }
}
