import { createRng } from '../rng.js';

/** Names the shuffles of one client in one run. */
export interface BatchOrderOptions {
  readonly size: number;
  readonly batch: number;
  readonly seed: number;
  readonly client: number;
}

/**
 * Which rows a client's step trains on: each epoch is a fresh seeded shuffle, cut into batches, the last one smaller if
 * need be. The step number alone says where the client is, so it can stop and go on anywhere.
 */
export class BatchOrder {
  private epoch = -1;
  private order = new Int32Array();

  constructor(private readonly options: BatchOrderOptions) {}

  get stepsPerEpoch(): number {
    return Math.ceil(this.options.size / this.options.batch);
  }

  rows(step: number): Int32Array {
    const { size, batch, seed, client } = this.options;
    const epoch = Math.floor(step / this.stepsPerEpoch);
    if (epoch !== this.epoch) {
      this.epoch = epoch;
      this.order = createRng('shuffle', seed, client, epoch).permutation(size) as Int32Array<ArrayBuffer>;
    }
    const start = (step % this.stepsPerEpoch) * batch;
    return this.order.subarray(start, Math.min(start + batch, size));
  }
}

/** The rows of one batch, counted from 0, where all are taken as they stand. */
export function rowsInOrder(size: number, batch: number, index: number): Int32Array {
  const length = Math.max(0, Math.min(batch, size - index * batch));
  return Int32Array.from({ length }, (_, i) => index * batch + i);
}

/** Consecutive rows in batches, for evaluation. */
export function* consecutiveBatches(size: number, batch: number): Generator<Int32Array> {
  for (let start = 0; start < size; start += batch) {
    yield Int32Array.from({ length: Math.min(batch, size - start) }, (_, i) => start + i);
  }
}
