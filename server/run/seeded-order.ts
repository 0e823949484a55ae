import { smallest } from '../../shared/extremes.js';
import { createRng } from '../../shared/rng.js';

/** How many steps a client has in a turn. */
export interface Quota {
  readonly client: number;
  readonly steps: number;
}

/**
 * One step of every client that has any left, in a fresh random order, until none has. It is drawn tick by tick, so that a place costs the same in
 * a round of any length.
 */
export class SeededOrder {
  private readonly rng;
  /** Who still has steps in this tick, in the order of the quotas. */
  private active: readonly Quota[];
  private tick = 0;
  /** The tick from which on somebody has no steps left. */
  private nextEnd = 0;
  private permutation: Int32Array = new Int32Array(0);
  private at = 0;
  private count = 0;

  constructor(quotas: readonly Quota[], seed: number, round: number) {
    this.rng = createRng('order', seed, round);
    this.active = quotas;
    this.draw();
  }

  /** Whose place it is; undefined at the end. */
  get current(): number | undefined {
    return this.active[this.permutation[this.at] ?? -1]?.client;
  }

  /** How many places were passed, which is all that a checkpoint needs. */
  get passed(): number {
    return this.count;
  }

  /** Whether a tick begins in which nobody has a place who waits for one: whoever claimed many steps and has gone leaves nothing but places. */
  isLeftBy(waits: (client: number) => boolean): boolean {
    return this.at === 0 && !this.active.some(({ client }) => waits(client));
  }

  pass(): void {
    this.count++;
    if (++this.at < this.permutation.length) return;
    this.tick++;
    this.draw();
  }

  passMany(places: number): this {
    for (let i = 0; i < places; i++) this.pass();
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
