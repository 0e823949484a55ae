import { nameOf, parseCsv, remarkNotes } from './csv.js';
import { originOf, type Dataset } from './dataset.js';
import { numericTable } from './numeric-table.js';
import { tableIds } from './row-ids.js';
import { namesOfSchema, type DataNames } from './run-names.js';
import { encodeRows } from './encode-table.js';
import type { TableSchema } from './table.js';

export interface ReadTableOptions {
  /** How its columns become numbers; without it all are numbers, below a line that names them. */
  readonly schema?: TableSchema | undefined;
  /** Without a schema: the label's column; the last one by default. */
  readonly label?: string | undefined;
  /** Without a schema: `float32` where labels are numbers, not classes. */
  readonly labelType?: 'int32' | 'float32' | undefined;
}

/** A table as samples, with the ids of its rows where it has them, and what was guessed. */
export interface ReadTable {
  readonly dataset: Dataset;
  readonly ids: readonly string[] | undefined;
  readonly guesses: readonly string[];
  readonly names: DataNames;
}

/** Reads a CSV file: what Node and tabs both do with its bytes. Throws BAD_DATA that names the line and the column. */
export async function readTable(
  bytes: Uint8Array,
  source: string,
  { schema, label, labelType }: ReadTableOptions,
): Promise<ReadTable> {
  const { rows, lines, separator, remarks } = await parseCsv(bytes, source, schema);
  const separated = separator === ',' || schema?.separator ? [] : [`cells are separated by ${nameOf(separator)}`];
  if (schema) {
    const all = tableIds(schema, rows, source, lines);
    const { dataset, notes } = encodeRows(schema, rows, source, lines);
    const ids = all && Array.from({ length: dataset.size }, (_, row) => all[originOf(dataset, row)] ?? '');
    return {
      dataset,
      ids,
      guesses: [...separated, ...remarkNotes({ remarks }), ...notes],
      names: namesOfSchema(schema),
    };
  }
  const dataset = numericTable(rows, source, { label, labelType, lines });
  const last = label === undefined ? [`the label is the last column, '${rows[0]?.at(-1) ?? ''}'`] : [];
  const columns = (rows[0] ?? []).filter((name, i, all) => (label === undefined ? i < all.length - 1 : name !== label));
  return { dataset, ids: undefined, guesses: [...separated, ...remarkNotes({ remarks }), ...last], names: { columns } };
}
