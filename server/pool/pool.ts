import type { Contract } from '../../shared/contract.js';
import type { Rows, RowStore } from '../../shared/checkpoint/row-store.js';
import { GENERATIONS } from '../../shared/checkpoint/checkpoint-store.js';
import { TandemError } from '../../shared/errors.js';
import type { NdArray } from '../../shared/ndarray.js';
import { nextTurn } from '../../shared/next-turn.js';
import { createRng } from '../../shared/rng.js';
import { ScratchRows } from '../../storage/row-files.js';
import type { Lane } from '../lane/lane.js';
import type { LaneReply } from '../lane/lane-step.js';
import { RowLayout } from './row-layout.js';

export interface PoolSettings {
  /** How often the lane goes through it. */
  readonly epochs: number;
  readonly batch: number;
  readonly seed: number;
}

/** What a checkpoint has of a pool: which it is, how long, and whose its rows are, one entry for each run of them. */
export interface PoolSnapshot {
  readonly round: number;
  readonly owners: readonly (readonly [client: number, rows: number])[];
}

/** How the lane comes on with a pool. */
export interface PoolProgress {
  readonly epoch: number;
  readonly epochs: number;
  readonly samples: number;
  /** The mean over the epoch. */
  readonly loss: number;
}

/**
 * What clients have sent in a round in which they send all their samples once, until the lane has learned from it. Rows are in the order in which steps
 * have their turns, which follows from the seed.
 */
export class Pool {
  private rows: Rows | undefined;
  private round = -1;
  private owners: (readonly [client: number, rows: number])[] = [];
  private readonly layout: RowLayout;
  /** The pools that the newest checkpoints name, newest last. */
  private named: string[] = [];

  constructor(
    contract: Pick<Contract, 'tensors' | 'labels'>,
    private readonly settings: PoolSettings,
    /** Where the run is written down; else rows are for this process. */
    private readonly store?: RowStore,
  ) {
    this.layout = new RowLayout(contract);
  }

  /** Begins an empty one. */
  begin(round: number): void {
    this.end();
    this.round = round;
    this.rows = this.open();
    this.rows.cut(0);
  }

  add(client: number, tensors: readonly NdArray[], labels: readonly NdArray[]): void {
    const bytes = this.layout.rows(tensors, labels);
    this.rows?.append(bytes);
    const count = bytes.length / this.layout.width;
    const [last, before] = this.owners.at(-1) ?? [-1, 0];
    if (last === client) this.owners[this.owners.length - 1] = [client, before + count];
    else this.owners.push([client, count]);
  }

  /** A lane learns from all rows, so many times over, and they are let go. Returns the clients from whose rows it could not. */
  async teach(lane: Lane, told: (progress: PoolProgress) => void): Promise<readonly number[]> {
    const out = new Set<number>();
    const owners = this.rowOwners();
    const { epochs, seed } = this.settings;
    for (let epoch = 1; epoch <= epochs; epoch++) {
      const order = Int32Array.from(createRng('pool', seed, this.round, epoch).permutation(owners.length));
      told({ epoch, epochs, samples: owners.length, loss: await this.pass(lane, order, owners, out) });
    }
    this.end();
    return [...out];
  }

  /** Whether there is nothing to learn from. */
  get isEmpty(): boolean {
    return this.owners.length === 0;
  }

  /** All that was added survives a crash when this resolves. */
  async snapshot(): Promise<PoolSnapshot | null> {
    const { round, owners, rows } = this;
    if (!rows) return null;
    const snapshot = { round, owners: [...owners] };
    await rows.flush();
    return snapshot;
  }

  /** Throws BAD_DATA where rows are gone that the checkpoint counts on. */
  restore(snapshot: PoolSnapshot | null): void {
    this.end();
    if (!snapshot) return;
    this.round = snapshot.round;
    this.owners = [...snapshot.owners];
    this.rows = this.open();
    const length = this.owners.reduce((sum, [, count]) => sum + count, 0) * this.layout.width;
    if (this.rows.length < length) {
      const what = `the pool of round ${this.round} has ${this.rows.length} bytes, and the checkpoint was written with ${length}`;
      throw new TandemError(
        'BAD_DATA',
        what,
        'put its file back beside the checkpoint, or begin anew with another --state',
      );
    }
    this.rows.cut(length);
    this.named = [nameOf(snapshot.round)];
  }

  /** A checkpoint is written that has this of it: what no checkpoint needs is deleted. */
  written(snapshot: PoolSnapshot | null): void {
    this.named = [...this.named, snapshot ? nameOf(snapshot.round) : ''].slice(-GENERATIONS);
    this.sweep();
  }

  /** The run is over: nothing is kept. */
  dispose(): void {
    this.end();
    this.named = [];
    this.sweep();
  }

  private open(): Rows {
    return this.store?.open(nameOf(this.round)) ?? new ScratchRows();
  }

  /** Nothing more is learned from the rows that there are. */
  private end(): void {
    this.rows?.close();
    this.rows = undefined;
    this.owners = [];
  }

  private sweep(): void {
    this.store?.keepOnly([...this.named, ...(this.rows ? [nameOf(this.round)] : [])]);
  }

  /** One epoch. Adds to `out` whose rows cannot be learned from. */
  private async pass(lane: Lane, order: Int32Array, owners: Int32Array, out: Set<number>): Promise<number> {
    const { batch } = this.settings;
    const ownerOf = (place: number) => owners[place] ?? -1;
    let [sum, samples] = [0, 0];
    for (let at = 0; at < order.length; at += batch) {
      const places = order.subarray(at, at + batch).filter((place) => !out.has(ownerOf(place)));
      if (places.length === 0) continue;
      const loss = await this.step(lane, places);
      if (Number.isFinite(loss)) [sum, samples] = [sum + loss * places.length, samples + places.length];
      // Which rows it was is found by taking those of one client at a time.
      else
        for (const client of new Set([...places].map(ownerOf)))
          if (
            !Number.isFinite(
              await this.step(
                lane,
                places.filter((place) => ownerOf(place) === client),
                client,
              ),
            )
          )
            out.add(client);
      // Links are to be answered meanwhile.
      await nextTurn();
    }
    return samples > 0 ? sum / samples : NaN;
  }

  /** One step of the lane; NaN where it could not learn from these rows and is as it was. */
  private async step(lane: Lane, places: Int32Array, client = -1): Promise<number> {
    let loss = NaN;
    const answer = (reply: LaneReply) => {
      if (reply.kind === 'gradient') loss = reply.loss;
    };
    await lane.learn({ kind: 'whole', step: 0, ...this.read(places), entry: 0, of: { client, given: 0 } }, answer);
    return loss;
  }

  private read(places: Int32Array): { tensors: NdArray[]; labels: NdArray[] } {
    const { width } = this.layout;
    const bytes = new Uint8Array(places.length * width);
    places.forEach((place, i) => this.rows?.read(place * width, bytes.subarray(i * width, (i + 1) * width)));
    return this.layout.batch(bytes);
  }

  /** Whose each row is. */
  private rowOwners(): Int32Array {
    const owners = new Int32Array(this.owners.reduce((sum, [, count]) => sum + count, 0));
    let at = 0;
    for (const [client, count] of this.owners) owners.fill(client, at, (at += count));
    return owners;
  }
}

function nameOf(round: number): string {
  return `pool-${round}`;
}
