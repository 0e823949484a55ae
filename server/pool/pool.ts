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
  /** How many times the lane goes through it. */
  readonly epochs: number;
  readonly batch: number;
  readonly seed: number;
}

/** What a checkpoint has of a pool: its round, and the clients of its rows, one entry for each stretch of a client's rows. */
export interface PoolSnapshot {
  readonly round: number;
  readonly owners: readonly (readonly [client: number, rows: number])[];
}

/** Progress of a lane through a pool. */
export interface PoolProgress {
  readonly epoch: number;
  readonly epochs: number;
  readonly samples: number;
  /** The mean over the epoch. */
  readonly loss: number;
}

/**
 * The smashed data of a round in which clients send all their samples once. They are stored until the lane has learned from them, in the order of steps,
 * which follows from the seed.
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
    /** Where rows survive a crash; without it they last as long as the process. */
    private readonly store?: RowStore,
  ) {
    this.layout = new RowLayout(contract);
  }

  /** Begins an empty pool. */
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

  /** A lane learns from all rows, for all epochs, and the pool is emptied. Returns the clients whose rows could not be used. */
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

  /** Whether there are no rows. */
  get isEmpty(): boolean {
    return this.owners.length === 0;
  }

  /** Resolves when all rows so far would survive a crash. */
  async snapshot(): Promise<PoolSnapshot | null> {
    const { round, owners, rows } = this;
    if (!rows) return null;
    const snapshot = { round, owners: [...owners] };
    await rows.flush();
    return snapshot;
  }

  /** Throws BAD_DATA where rows of the checkpoint are missing. */
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

  /** A checkpoint with this snapshot was written: deletes files that no checkpoint needs. */
  written(snapshot: PoolSnapshot | null): void {
    this.named = [...this.named, snapshot ? nameOf(snapshot.round) : ''].slice(-GENERATIONS);
    this.sweep();
  }

  /** The run is over: deletes all files. */
  dispose(): void {
    this.end();
    this.named = [];
    this.sweep();
  }

  private open(): Rows {
    return this.store?.open(nameOf(this.round)) ?? new ScratchRows();
  }

  /** Drops the rows. */
  private end(): void {
    this.rows?.close();
    this.rows = undefined;
    this.owners = [];
  }

  private sweep(): void {
    this.store?.keepOnly([...this.named, ...(this.rows ? [nameOf(this.round)] : [])]);
  }

  /** One epoch. Adds clients whose rows cannot be used to `out`. */
  private async pass(lane: Lane, order: Int32Array, owners: Int32Array, out: Set<number>): Promise<number> {
    const { batch } = this.settings;
    const ownerOf = (row: number) => owners[row] ?? -1;
    let [sum, samples] = [0, 0];
    for (let at = 0; at < order.length; at += batch) {
      const rows = order.subarray(at, at + batch).filter((row) => !out.has(ownerOf(row)));
      if (rows.length === 0) continue;
      const loss = await this.step(lane, rows);
      if (Number.isFinite(loss)) [sum, samples] = [sum + loss * rows.length, samples + rows.length];
      // Finds the client at fault by taking the rows of one client at a time.
      else
        for (const client of new Set([...rows].map(ownerOf)))
          if (
            !Number.isFinite(
              await this.step(
                lane,
                rows.filter((row) => ownerOf(row) === client),
                client,
              ),
            )
          )
            out.add(client);
      // Lets other work go on, such as replies to pings.
      await nextTurn();
    }
    return samples > 0 ? sum / samples : NaN;
  }

  /** One step of the lane: its loss, or NaN where it could not use these rows. */
  private async step(lane: Lane, rows: Int32Array, client = -1): Promise<number> {
    let loss = NaN;
    const answer = (reply: LaneReply) => {
      if (reply.kind === 'gradient') loss = reply.loss;
    };
    await lane.learn({ kind: 'whole', step: 0, ...this.read(rows), entry: 0, of: { client, given: 0 } }, answer);
    return loss;
  }

  private read(rows: Int32Array): { tensors: NdArray[]; labels: NdArray[] } {
    const { width } = this.layout;
    const bytes = new Uint8Array(rows.length * width);
    rows.forEach((row, i) => this.rows?.read(row * width, bytes.subarray(i * width, (i + 1) * width)));
    return this.layout.batch(bytes);
  }

  /** The client of each row. */
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
