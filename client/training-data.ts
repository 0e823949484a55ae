import { BatchOrder, rowsInOrder } from '../shared/data/batch-order.js';
import { dealData } from '../shared/data/partition.js';
import { CheckedRows } from './checked-rows.js';
import { limited, type Batch, type ClientData } from '../shared/data/dataset.js';
import { TandemError } from '../shared/errors.js';
import type { Message } from '../shared/protocol/messages.js';
import { TestPace, type TestProgress } from '../shared/test-progress.js';

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

/** A client's data as batches: of a training step, by its number, and of test samples. */
export class TrainingData {
  private readonly order: BatchOrder;
  private readonly train: CheckedRows;
  private readonly test: CheckedRows | undefined;
  private readonly pace = new TestPace();
  private ahead: { readonly step: number; readonly batch: Promise<Batch> } | undefined;

  private constructor(
    private readonly data: ClientData,
    private readonly welcome: Message<'welcome'>,
    /** Throws when a batch does not fit the run. */
    check: (batch: Batch) => void,
    private readonly onTesting: DataOptions['onTesting'],
  ) {
    const { batch, seed, client } = welcome;
    this.train = new CheckedRows(data.train, 'training', check);
    this.test = data.test && new CheckedRows(data.test, 'test', check);
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
    check: (batch: Batch) => void,
  ): Promise<TrainingData> {
    const { clients, partition, seed, client } = welcome;
    const deal = { clients, partition, limit: welcome.limit ?? undefined, seed };
    const shared = takesShare ? (dealData(everything, deal)[place?.[0] ?? client] ?? everything) : everything;
    const data = { ...shared, train: limited(shared.train, limit) };
    if (data.train.size === 0) throw new TandemError('BAD_DATA', 'there are no training samples');
    const opened = new TrainingData(data, welcome, check, onTesting);
    await opened.train.checkAhead(welcome.batch);
    await opened.test?.checkAhead(welcome.batch);
    return opened;
  }

  get sizes(): { readonly samples: number; readonly testSamples: number } {
    return { samples: this.data.train.size, testSamples: this.data.test?.size ?? 0 };
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
    const { batch } = this.welcome;
    const { test } = this;
    if (!test) throw new TandemError('BAD_STATE', 'the server asked for test samples, there are none here');
    const { testSamples } = this.sizes;
    const length = Math.min(batch, testSamples - index * batch);
    return test.read(Int32Array.from({ length }, (_, i) => index * batch + i));
  }

  /** So many batches of test samples are done. */
  tested(batches: number): void {
    if (batches === 0) this.pace.begin(this.sizes.testSamples);
    this.onTesting?.(this.pace.add(batches === 0 ? 0 : this.welcome.batch));
  }

  private load(step: number): Promise<Batch> {
    return this.train.read(this.order.rows(step - 1));
  }
}
