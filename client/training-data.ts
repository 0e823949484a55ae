import { BatchOrder, rowsInOrder } from '../shared/data/batch-order.js';
import { dealData } from '../shared/data/partition.js';
import { CheckedRows } from './checked-rows.js';
import { limited, originOf, type Batch, type ClientData } from '../shared/data/dataset.js';
import { TandemError } from '../shared/errors.js';
import type { Message } from '../shared/protocol/messages.js';
import { TestTimer, type TestProgress } from '../shared/test-progress.js';

export interface DataOptions {
  /** `[index, count]`: the place in the run this client asks for. */
  readonly place?: readonly [number, number];
  /** Whether the data are everybody's and only one share is used, that of `place` or of the place given, dealt by the run's seed. */
  readonly takesShare?: boolean;
  /** Training samples used, after sharding. */
  readonly limit?: number;
  /** Told how far a test of the model is, with each batch of test samples. */
  readonly onTesting?: ((progress: TestProgress) => void) | undefined;
}

/** Throw when a batch does not fit the run. */
export interface RowChecks {
  readonly labelled: (batch: Batch) => void;
  /** Of rows whose labels nobody looks at. */
  readonly toPredict: (batch: Batch) => void;
}

/** How many rows there are of each kind. */
export interface RowCounts {
  readonly samples: number;
  readonly testSamples: number;
  readonly toPredict: number;
}

/** A client's data as batches: of a training step, by its number, of test samples, and of rows to predict. */
export class TrainingData {
  private readonly order: BatchOrder;
  private readonly train: CheckedRows;
  private readonly test: CheckedRows | undefined;
  private readonly toPredict: CheckedRows | undefined;
  private readonly timer = new TestTimer();
  private ahead: { readonly step: number; readonly batch: Promise<Batch> } | undefined;

  private constructor(
    private readonly data: ClientData,
    private readonly welcome: Message<'welcome'>,
    check: RowChecks,
    private readonly onTesting: DataOptions['onTesting'],
  ) {
    const { batch, seed, client } = welcome;
    this.train = new CheckedRows(data.train, 'training', check.labelled);
    this.test = data.test && new CheckedRows(data.test, 'test', check.labelled);
    this.toPredict = data.toPredict && new CheckedRows(data.toPredict, 'prediction', check.toPredict);
    this.order = new BatchOrder({ size: data.train.size, batch, seed, client });
  }

  /**
   * The run's seed is known now, so the shard can be dealt, and data that do not fit are found before anybody waits. Throws
   * BAD_DATA without training samples, and what `check` throws.
   */
  static async open(
    everything: ClientData,
    welcome: Message<'welcome'>,
    { place, takesShare = false, limit, onTesting }: DataOptions,
    check: RowChecks,
  ): Promise<TrainingData> {
    const { clients, partition, seed, client } = welcome;
    const deal = { clients, partition, limit: welcome.limit ?? undefined, seed };
    const shared = takesShare ? (dealData(everything, deal)[place?.[0] ?? client] ?? everything) : everything;
    const data = { ...shared, train: limited(shared.train, limit) };
    if (data.train.size === 0) throw new TandemError('BAD_DATA', 'there are no training samples');
    const opened = new TrainingData(data, welcome, check, onTesting);
    await opened.train.checkAhead(welcome.batch);
    await opened.test?.checkAhead(welcome.batch);
    await opened.toPredict?.checkAhead(welcome.batch);
    return opened;
  }

  get sizes(): RowCounts {
    const { train, test, toPredict } = this.data;
    return { samples: train.size, testSamples: test?.size ?? 0, toPredict: toPredict?.size ?? 0 };
  }

  /** The batch of a step, counted from 1, from ahead if it was loaded already. */
  take(step: number): Promise<Batch> {
    return this.ahead?.step === step ? this.ahead.batch : this.load(step);
  }

  /** A batch of all training samples as they stand, counted from 0. */
  inOrder(index: number): Promise<Batch> {
    return this.train.read(rowsInOrder(this.sizes.samples, this.welcome.batch, index));
  }

  /** The batch of a step; that of the next is loaded while this one trains, not before: a data set may write both into the same arrays. */
  async takeAhead(step: number): Promise<Batch> {
    const batch = await this.take(step);
    this.loadAhead(step + 1);
    return batch;
  }

  /** Loads the batch of a step that is likely to come, while something else computes. */
  loadAhead(step: number): void {
    this.ahead = { step, batch: this.load(step) };
    // Whoever takes the batch of that step is told.
    this.ahead.batch.catch(() => undefined);
  }

  /** A batch of test samples, counted from 0. */
  testBatch(index: number): Promise<Batch> {
    const { test } = this;
    if (!test) throw new TandemError('BAD_STATE', 'the server asked for test samples, there are none here');
    return test.read(rowsInOrder(this.sizes.testSamples, this.welcome.batch, index));
  }

  /** A batch of rows to predict, counted from 0. */
  batchToPredict(index: number): Promise<Batch> {
    const { toPredict } = this;
    if (!toPredict) {
      const what = 'the run has rows to predict, and this party was started without its own';
      throw new TandemError('BAD_DATA', what, 'start it again with the same flags');
    }
    return toPredict.read(rowsInOrder(this.sizes.toPredict, this.welcome.batch, index));
  }

  /** Which of the rows that were given its rows are. */
  givenAs(index: number): number[] {
    const { toPredict } = this.data;
    const rows = rowsInOrder(this.sizes.toPredict, this.welcome.batch, index);
    return toPredict ? Array.from(rows, (row) => originOf(toPredict, row)) : [];
  }

  /** So many batches of test samples are done. */
  tested(batches: number): void {
    if (batches === 0) this.timer.begin(this.sizes.testSamples);
    this.onTesting?.(this.timer.add(batches === 0 ? 0 : this.welcome.batch));
  }

  private load(step: number): Promise<Batch> {
    return this.train.read(this.order.rows(step - 1));
  }
}
