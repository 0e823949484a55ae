import { smallest } from '../../shared/extremes.js';
import { createRng } from '../../shared/rng.js';

/** How many steps a client has in a turn. */
export interface Quota {
  readonly client: number;
  readonly steps: number;
}

/**
 * The seeded order of a turn: in each tick, one step of every client that has any left, in a fresh random order. It is drawn tick by tick, so that a
 * step costs the same in a round of any length.
 */
export class SeededOrder {
  private readonly rng;
  /** The clients with a step in this tick, in the order of the quotas. */
  private active: readonly Quota[];
  private tick = 0;
  /** The tick in which the next client has run out of steps. */
  private nextEnd = 0;
  private permutation: Int32Array = new Int32Array(0);
  private at = 0;
  private count = 0;

  constructor(quotas: readonly Quota[], seed: number, round: number) {
    this.rng = createRng('order', seed, round);
    this.active = quotas;
    this.draw();
  }

  /** The client whose step comes next; undefined at the end. */
  get current(): number | undefined {
    return this.active[this.permutation[this.at] ?? -1]?.client;
  }

  /** How many steps were passed, which is all that a checkpoint needs. */
  get passed(): number {
    return this.count;
  }

  /** Whether a tick begins in which no client waits for its step: what is left belongs to clients that are gone. */
  isLeftBy(waits: (client: number) => boolean): boolean {
    return this.at === 0 && !this.active.some(({ client }) => waits(client));
  }

  pass(): void {
    this.count++;
    if (++this.at < this.permutation.length) return;
    this.tick++;
    this.draw();
  }

  passMany(steps: number): this {
    for (let i = 0; i < steps; i++) this.pass();
    return this;
  }

  private draw(): void {
    if (this.tick >= this.nextEnd) {
      this.active = this.active.filter(({ steps }) => steps > this.tick);
      this.nextEnd = smallest(this.active.map(({ steps }) => steps));
    }
    this.permutation = this.rng.permutation(this.active.length);
    this.at = 0;
  }
}
