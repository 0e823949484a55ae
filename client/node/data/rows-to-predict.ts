import type { Dataset } from '../../../shared/data/dataset.js';
import { readTable } from '../../../shared/data/read-table.js';
import type { TableSchema } from '../../../shared/data/table.js';
import { TandemError } from '../../../shared/errors.js';
import { bytesOf } from './csv.js';
import { schemaBeside } from './table.js';

/** A party's columns of rows that its run is to predict. */
export interface RowsToPredict {
  readonly rows: Dataset;
  /** One a row, where the schema has a column of them, and what that is called. */
  readonly ids?: { readonly name: string; readonly all: readonly string[] };
  readonly schema: TableSchema;
  /** What was guessed in reading, a line each. */
  readonly notes: readonly string[];
}

/**
 * Reads a table of rows to predict by the schema beside it, or else the one beside the party's training data; a label is neither needed nor
 * looked at. Throws BAD_OPTION where there is no schema, CANNOT_READ, and BAD_DATA.
 */
export async function loadToPredict(path: string, trainingData: string): Promise<RowsToPredict> {
  const schema = (await schemaBeside(path)) ?? (await schemaBeside(trainingData));
  if (!schema) {
    const what = `--predict ${path}: there is no schema beside it, nor beside ${trainingData}`;
    throw new TandemError('BAD_OPTION', what, 'say how its columns become numbers (docs/tasks.md)');
  }
  const { dataset, ids, guesses } = await readTable(await bytesOf(path, '--predict'), path, {
    schema: withoutLabel(schema),
  });
  const notes = guesses.length > 0 ? [`${path}: ${guesses.join('; ')}`] : [];
  const name = schema.columns.find(({ kind }) => kind === 'id')?.name;
  const own = ids && name !== undefined ? { ids: { name, all: ids } } : {};
  return { rows: dataset, ...own, schema, notes };
}

/** Columns are found by name, so that the label's may be missing; without names it has to be there. */
function withoutLabel(schema: TableSchema): TableSchema {
  const { columns, header = true } = schema;
  if (header) return { ...schema, columns: columns.filter(({ kind }) => kind !== 'label') };
  return {
    ...schema,
    columns: columns.map((column) => (column.kind === 'label' ? { name: column.name, kind: 'ignore' } : column)),
  };
}
