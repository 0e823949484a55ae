import { TandemError } from '../errors.js';
import type { DataNames } from './run-names.js';
import { checkFields } from '../fields/check-fields.js';
import { number, optional, type Fields } from '../fields/rules.js';
import { arrayFault, gatherRows, ndarray, type NdArray } from '../ndarray.js';

/** Samples of one step: a tensor an input of the model, and a tensor a label. */
export interface Batch {
  readonly inputs: NdArray[];
  readonly labels: NdArray[];
}

/** Samples one can ask for by row. They stay with their owner; only what the bottom model makes of them is sent. */
export interface Dataset {
  readonly size: number;
  /** The samples of these rows, in this order, with the batch as the first dimension. */
  batch(rows: ArrayLike<number>): Batch | Promise<Batch>;
  /** The first label of a row as a number, for partitioning by class. */
  label(row: number): number;
  /** Whether rows are had at next to no cost: then all of them are checked before a run begins, not each in its step. */
  readonly inMemory?: boolean;
  /** Whether each batch comes in arrays that nobody writes to afterwards; otherwise Tandem copies them. */
  readonly fresh?: boolean;
  /** Where these are some rows of another data set: which of that one's a row is. */
  origin?(row: number): number;
}

/** A client's data: what it trains on and, optionally, what the model is tested on. */
export interface ClientData {
  readonly train: Dataset;
  readonly test?: Dataset;
  /** Of a party of a vertical run: its columns of rows that the model is to predict after training, to the active party. Their labels, if there are any, are not looked at. */
  readonly toPredict?: Dataset;
  /** What label numbers and columns stand for, where the data have names for them: a run's clients are matched by these. */
  readonly names?: DataNames;
  /** What was guessed or left out in reading them, a line each, for the person whose data they are. */
  readonly notes?: readonly string[];
}

export interface ArrayDatasetOptions {
  /** Multiplies uint8 inputs when they are read, e.g. 1 / 255; they are kept as bytes until then. */
  readonly uint8Scale?: number;
}

const arrayDatasetFields = {
  uint8Scale: optional(number('a number', () => true)),
} satisfies Fields<ArrayDatasetOptions>;

/** A data set held in arrays whose first dimension is the sample. Throws BAD_DATA when their lengths differ. */
export function arrayDataset(
  inputs: readonly NdArray[],
  labels: readonly NdArray[],
  options: ArrayDatasetOptions = {},
): Dataset {
  checkFields('arrayDataset()', options, arrayDatasetFields);
  const { uint8Scale = 1 } = options;
  checkArrays('inputs', inputs);
  checkArrays('labels', labels);
  const size = (labels[0] ?? inputs[0])?.shape[0] ?? 0;
  const lengths = [...inputs, ...labels].map((array) => array.shape[0] ?? 0);
  if (lengths.some((length) => length !== size)) {
    throw new TandemError('BAD_DATA', `the arrays hold different numbers of samples: ${lengths.join(', ')}`);
  }
  return {
    size,
    inMemory: true,
    fresh: true,
    batch: (rows) => ({
      inputs: inputs.map((array) => scaled(gatherRows(array, rows), uint8Scale)),
      labels: labels.map((array) => gatherRows(array, rows)),
    }),
    label: (row) => labels[0]?.data[row * (labels[0].data.length / size)] ?? NaN,
  };
}

function checkArrays(what: string, arrays: unknown): void {
  const list: readonly unknown[] | null = Array.isArray(arrays) ? arrays : null;
  const wrong = list ? list.findIndex((array) => arrayFault(array) !== undefined) : 0;
  if (wrong < 0) return;
  const fault = list ? `${what}[${wrong}]: ${arrayFault(list[wrong]) ?? ''}` : `${what} is no list of arrays`;
  throw new TandemError('BAD_DATA', `arrayDataset(): ${fault}`, 'make arrays with float32(), int32() or ndarray()');
}

/** A batch that stays as it is, whatever its data set does with its arrays next. */
export function ownBatch({ fresh }: Dataset, { inputs, labels }: Batch): Batch {
  if (fresh) return { inputs, labels };
  const copied = (arrays: readonly NdArray[]) =>
    arrays.map((array) => ndarray(array.dtype, array.shape, array.data.slice()));
  return { inputs: copied(inputs), labels: copied(labels) };
}

/** Some rows of a data set as a data set of their own. */
export function subset(dataset: Dataset, rows: ArrayLike<number>): Dataset {
  const at = (row: number) => rows[row] ?? -1;
  return {
    size: rows.length,
    batch: (wanted) => dataset.batch(Array.from(wanted, at)),
    label: (row) => dataset.label(at(row)),
    inMemory: dataset.inMemory ?? false,
    fresh: dataset.fresh ?? false,
    origin: (row) => originOf(dataset, at(row)),
  };
}

/** Which row it was in the data set that all others were taken from. */
export function originOf(dataset: Dataset, row: number): number {
  return dataset.origin?.(row) ?? row;
}

/** The first rows, or all when there are fewer or no limit is given. */
export function limited(dataset: Dataset, limit: number | undefined): Dataset {
  if (limit === undefined || limit >= dataset.size) return dataset;
  return subset(
    dataset,
    Int32Array.from({ length: limit }, (_, i) => i),
  );
}

function scaled(array: NdArray, scale: number): NdArray {
  if (array.dtype !== 'uint8') return array;
  const { data } = array;
  const values = new Float32Array(data.length);
  for (let i = 0; i < data.length; i++) values[i] = (data[i] ?? 0) * scale;
  return ndarray('float32', array.shape, values);
}
