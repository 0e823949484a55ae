import { normalIds } from '../alignment/ids.js';
import { TandemError } from '../errors.js';
import { whole } from '../fields/rules.js';
import type { RowLines } from './cells.js';
import { createRng } from '../rng.js';
import { subset, type ClientData, type Dataset } from './dataset.js';
import { columnIndices } from './encode-table.js';
import type { TableSchema } from './table.js';

/** One id a row, by which parties with other columns of the same samples match theirs. */
export interface IdentifiedData extends ClientData {
  readonly ids?: {
    readonly train: readonly string[];
    readonly test?: readonly string[];
    readonly toPredict?: readonly string[];
  };
}

/** The ids of a table whose schema has a column of them. Throws BAD_DATA for rows without one and for ids there twice. */
export function tableIds(
  schema: TableSchema,
  rows: readonly (readonly string[])[],
  source: string,
  lines?: RowLines,
): readonly string[] | undefined {
  const column = schema.columns.findIndex(({ kind }) => kind === 'id');
  if (column < 0) return undefined;
  const { header = true } = schema;
  const place = columnIndices(schema, rows[0] ?? [], source)[column] ?? -1;
  return normalIds(
    (header ? rows.slice(1) : rows).map((cells) => cells[place] ?? ''),
    source,
    lines?.slice(Number(header)),
  );
}

/**
 * Keeps one row in so many for testing, chosen by its id: parties that have the same row in other places, or lack some,
 * choose alike.
 */
export function splitById(all: Dataset, ids: readonly string[], testEvery = 5): IdentifiedData {
  if (ids.length !== all.size) {
    throw new TandemError(
      'BAD_DATA',
      `splitById(): there are ${ids.length} ids for ${all.size} rows`,
      'give one a row',
    );
  }
  const fault = whole(2).fault(testEvery);
  if (fault) throw new TandemError('BAD_OPTION', `splitById(): testEvery ${fault.what}`, fault.action);
  const isTest = ids.map((id) => createRng('kept for testing', id).int(testEvery) === 0);
  const part = (test: boolean) => isTest.flatMap((kept, row) => (kept === test ? [row] : []));
  const idsOf = (rows: readonly number[]) => rows.map((row) => ids[row] ?? '');
  const [train, test] = [part(false), part(true)];
  return {
    train: subset(all, train),
    test: subset(all, test),
    ids: { train: idsOf(train), test: idsOf(test) },
  };
}
