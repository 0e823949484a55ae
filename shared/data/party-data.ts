import { TandemError } from '../errors.js';
import { ndarray, type NdArray } from '../ndarray.js';
import { createRng } from '../rng.js';
import { subset, type ClientData, type Dataset } from './dataset.js';
import type { IdentifiedData } from './row-ids.js';
import { columnPlaces, type TableSchema } from './table.js';

/** The table's features as one input a party, in the order of `parties`. Throws BAD_OPTION for a column it does not have. */
export function splitColumns(
  data: ClientData,
  table: TableSchema,
  parties: readonly (readonly string[])[],
): ClientData {
  const places = parties.map((columns) => columns.flatMap((name) => columnPlaces(table, name)));
  const split = (dataset: Dataset): Dataset => ({
    size: dataset.size,
    label: (row) => dataset.label(row),
    batch: async (rows) => {
      const { inputs, labels } = await dataset.batch(rows);
      const [features] = inputs;
      return { inputs: features ? places.map((own) => pickColumns(features, own)) : [], labels };
    },
  });
  return { train: split(data.train), ...(data.test ? { test: split(data.test) } : {}) };
}

/** Some inputs of a data set, with its labels or without. */
export function someInputs(dataset: Dataset, inputs: readonly number[], withLabels: boolean): Dataset {
  return {
    size: dataset.size,
    label: (row) => (withLabels ? dataset.label(row) : NaN),
    batch: async (rows) => {
      const batch = await dataset.batch(rows);
      return {
        inputs: inputs.flatMap((place) => batch.inputs[place] ?? []),
        labels: withLabels ? batch.labels : [],
      };
    },
  };
}

/**
 * Deals everybody's data to the parties of a vertical run: `inputs[i]` are the places of the model's inputs that party i
 * holds; the last party has the labels. With `missing`, each party lacks that share of the rows, at random, and has the
 * rest in an order of its own with an id a row. Throws BAD_OPTION for a share that leaves no rows.
 */
export function dealColumns(
  data: ClientData,
  {
    inputs,
    missing,
    seed,
  }: { readonly inputs: readonly (readonly number[])[]; readonly missing?: number; readonly seed: number },
): IdentifiedData[] {
  if (missing !== undefined && !(missing >= 0 && missing < 1)) {
    throw new TandemError('BAD_OPTION', `missing ids are ${missing}`, 'give a share of at least 0 and below 1');
  }
  return inputs.map((own, party) => {
    const active = party === inputs.length - 1;
    const deal = (dataset: Dataset, part: string) => {
      const columns = someInputs(dataset, own, active);
      if (missing === undefined) return { dataset: columns, ids: [] };
      const order = createRng('rows', part, seed, party).permutation(dataset.size);
      const rows = order.slice(Math.round(missing * dataset.size));
      return { dataset: subset(columns, rows), ids: Array.from(rows, (row) => `${part}-${row}`) };
    };
    const train = deal(data.train, 'train');
    const test = data.test && deal(data.test, 'test');
    const toPredict = data.toPredict && deal(data.toPredict, 'to predict');
    const dealt = {
      train: train.dataset,
      ...(test ? { test: test.dataset } : {}),
      ...(toPredict ? { toPredict: toPredict.dataset } : {}),
    };
    if (missing === undefined) return dealt;
    const ids = {
      train: train.ids,
      ...(test ? { test: test.ids } : {}),
      ...(toPredict ? { toPredict: toPredict.ids } : {}),
    };
    return { ...dealt, ids };
  });
}

function pickColumns({ dtype, shape, data }: NdArray, places: readonly number[]): NdArray {
  const [rows = 0, width = 0] = shape;
  const picked = new Float32Array(rows * places.length);
  for (let row = 0; row < rows; row++) {
    places.forEach((place, i) => (picked[row * places.length + i] = data[row * width + place] ?? NaN));
  }
  return ndarray(dtype, [rows, places.length], picked);
}
