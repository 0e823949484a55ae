import type { RunNames } from '../shared/data/run-names.js';
import { TandemError } from '../shared/errors.js';
import { gatherRows, ndarray, type NdArray } from '../shared/ndarray.js';
import type { LabelSpec } from '../shared/task.js';

/** What a vertical run's model says of rows that all parties have given their columns of. */
export interface Predictions {
  /** Which of the active party's rows they are, in its order. */
  readonly rows: Int32Array;
  /** The outputs of the whole model, a row each; none where no row was predicted. */
  readonly outputs: readonly NdArray[];
  /** How many rows the active party has given, and of how many of them all parties have. */
  readonly given: number;
  readonly common: number;
  /** What outputs stand for. */
  readonly labels: readonly LabelSpec[];
  readonly names: RunNames;
}

/** Is told once, before the run ends; fewer rows than are common where some party was gone by then. */
export type OnPredictions = (predictions: Predictions) => void | Promise<void>;

/** Keeps what is answered to the active party until it is all there. */
export class PredictedRows {
  private batches: { readonly rows: readonly number[]; readonly outputs: readonly NdArray[] }[] = [];

  constructor(
    private readonly about: Omit<Predictions, 'rows' | 'outputs' | 'common'>,
    private readonly tell: OnPredictions,
  ) {}

  /** `rows` are those of the batch as they were given. Throws BAD_SHAPE where the server answers of others. */
  add(rows: readonly number[], outputs: readonly NdArray[]): void {
    const wrong = outputs.find(({ shape }) => shape[0] !== rows.length);
    if (wrong || outputs.length === 0) {
      const what = `predictions of ${wrong?.shape[0] ?? 0} rows came, and ${rows.length} were asked about`;
      throw new TandemError('BAD_SHAPE', what);
    }
    this.batches.push({ rows, outputs });
  }

  /** Of so many rows that are common. */
  async give(common: number): Promise<void> {
    const rows = this.batches.flatMap((batch) => batch.rows);
    const order = rows.map((_, i) => i).sort((a, b) => (rows[a] ?? 0) - (rows[b] ?? 0));
    const [first] = this.batches;
    const outputs = (first?.outputs ?? []).map((_, place) =>
      gatherRows(joined(this.batches.flatMap((batch) => batch.outputs[place] ?? [])), order),
    );
    await this.tell({ ...this.about, rows: Int32Array.from(order, (i) => rows[i] ?? -1), outputs, common });
  }
}

/** Arrays of the same kind of rows, one below the other. */
function joined(arrays: readonly NdArray[]): NdArray {
  const [first] = arrays;
  if (!first) throw new TandemError('INTERNAL', 'there are no predictions to join');
  const rows = arrays.reduce((sum, { shape }) => sum + (shape[0] ?? 0), 0);
  const size = arrays.reduce((sum, { data }) => sum + data.length, 0);
  const data = new (first.data.constructor as new (length: number) => NdArray['data'])(size);
  let at = 0;
  for (const array of arrays) {
    data.set(array.data, at);
    at += array.data.length;
  }
  return ndarray(first.dtype, [rows, ...first.shape.slice(1)], data);
}
