import { TandemError } from '../errors.js';
import type { NdArray } from '../ndarray.js';
import { isPromise, promised } from '../promised.js';
import { isFields, show } from '../show-value.js';
import type { Batch, ClientData, Dataset } from './dataset.js';

const HOW = 'see "A module of your own" in docs/tasks.md';
const kinds = { float32: Float32Array, int32: Int32Array, uint8: Uint8Array } as const;

/** Throws BAD_DATA, with the part that is wrong, where something else than data sets came. */
export function refuseOtherData(data: unknown): asserts data is ClientData {
  if (!isFields(data)) throw badData(`the data are ${show(data)}, not { train, test }`);
  refuseOtherDataset(data.train, 'training data');
  if (data.test !== undefined) refuseOtherDataset(data.test, 'test data');
  if (data.toPredict !== undefined) refuseOtherDataset(data.toPredict, 'rows to predict');
}

/** Throws BAD_DATA where something else than a data set came. */
export function refuseOtherDataset(given: unknown, what: string): asserts given is Dataset {
  if (!isFields(given)) throw badData(`the ${what} are ${show(given)}, which is no data set`);
  const { size, batch, label } = given as Partial<Record<keyof Dataset, unknown>>;
  if (!Number.isSafeInteger(size) || Number(size) < 0) {
    throw badData(`the size of the ${what} is ${show(size)}, not a number of samples`);
  }
  if (typeof batch !== 'function') throw badData(`batch of the ${what} is ${show(batch)}, not a function of rows`);
  if (typeof label !== 'function') throw badData(`label of the ${what} is ${show(label)}, not a function of a row`);
}

/** Rows of a user's data set, checked. Throws BAD_DATA where they are no batch, or never come. */
export async function readRows(dataset: Dataset, rows: ArrayLike<number>, what: string): Promise<Batch> {
  const batch = dataset.batch(rows);
  if (!isPromise(batch)) return checkedBatch(batch, what);
  const broken = { code: 'BAD_DATA', action: 'correct what its batch() waits for' } as const;
  return checkedBatch(await promised(`a batch of the ${what}`, batch, broken), what);
}

/** Checks that what `batch()` returned has the form of a batch; its values are checked later. Throws BAD_DATA. */
function checkedBatch(batch: unknown, what: string): Batch {
  if (!isFields(batch) || !Array.isArray(batch.inputs) || !Array.isArray(batch.labels)) {
    throw badData(`batch() of the ${what} returns ${short(batch)}, not { inputs, labels } with two lists`);
  }
  for (const part of ['inputs', 'labels'] as const) {
    for (const [i, array] of (batch[part] as unknown[]).entries()) {
      const wrong = arrayProblem(array);
      if (wrong !== undefined) throw badData(`batch() of the ${what} has ${wrong} for ${part}[${i}]`);
    }
  }
  return batch as unknown as Batch;
}

function arrayProblem(array: unknown): string | undefined {
  if (!isFields(array)) return short(array);
  const { dtype, shape, data } = array as Partial<Record<keyof NdArray, unknown>>;
  if (typeof dtype !== 'string' || !Object.hasOwn(kinds, dtype)) return `the dtype ${show(dtype)}`;
  if (!Array.isArray(shape) || !shape.every((length) => Number.isSafeInteger(length) && Number(length) >= 0)) {
    return `the shape ${show(shape)}`;
  }
  const kind = kinds[dtype as keyof typeof kinds];
  if (!(data instanceof kind)) return `data that are no ${kind.name}`;
  const wanted = (shape as number[]).reduce((product, length) => product * length, 1);
  return data.length === wanted ? undefined : `${data.length} numbers in the shape ${show(shape)}`;
}

/** An array of a batch may be long. */
function short(value: unknown): string {
  const text = show(value);
  return text.length > 60 ? `${text.slice(0, 60)}...` : text;
}

function badData(what: string): TandemError {
  return new TandemError('BAD_DATA', what, HOW);
}
