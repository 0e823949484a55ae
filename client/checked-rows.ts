import { consecutiveBatches } from '../shared/data/batch-order.js';
import { readRows } from '../shared/data/check-dataset.js';
import { originOf, ownBatch, type Batch, type Dataset } from '../shared/data/dataset.js';
import { asTandemError, TandemError } from '../shared/errors.js';
import { nextTurn } from '../shared/next-turn.js';

/** Rows of a data set that are checked before anything is computed with them; an error names the row that does not fit. */
export class CheckedRows {
  constructor(
    private readonly dataset: Dataset,
    /** Such as `training`. */
    private readonly what: string,
    /** Throws when a batch does not fit the run. */
    private readonly check: (batch: Batch) => void,
  ) {}

  /** Throws what `check` throws, and BAD_DATA where the data set itself fails. */
  async read(rows: ArrayLike<number>): Promise<Batch> {
    const batch = ownBatch(this.dataset, await this.fetch(rows));
    try {
      this.check(batch);
    } catch (error) {
      throw this.named(asTandemError(error), rows);
    }
    return batch;
  }

  /** Checks rows before the run begins: all of them if they are in memory, else the first one. */
  async checkAhead(batchSize: number): Promise<void> {
    const { size, inMemory = false } = this.dataset;
    if (size === 0) return;
    if (!inMemory) return void (await this.read([0]));
    for (const rows of consecutiveBatches(size, batchSize)) {
      await this.read(rows);
      // Lets other work go on, such as replies to pings.
      await nextTurn();
    }
  }

  private async fetch(rows: ArrayLike<number>): Promise<Batch> {
    try {
      return await readRows(this.dataset, rows, `${this.what} data`);
    } catch (error) {
      if (error instanceof TandemError) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      const failure = new TandemError('BAD_DATA', `the ${this.what} data could not be read: ${reason}`);
      throw Object.assign(failure, { cause: error });
    }
  }

  private named(error: TandemError, rows: ArrayLike<number>): TandemError {
    const { code, message, action, step } = error;
    const place = error.row === undefined ? undefined : rows[error.row];
    if (place === undefined) return error;
    const row = originOf(this.dataset, place);
    return new TandemError(code, `${message} (row ${row} of the ${this.what} data, from 0)`, action, step, row);
  }
}
