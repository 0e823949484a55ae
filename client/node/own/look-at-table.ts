import { nameOf, parseCsv } from '../../../shared/data/csv.js';
import { learnOwnTable } from '../../../shared/preparation/own-table.js';
import { bytesOf } from '../data/csv.js';
import { testTableOf } from '../data/table.js';
import type { OwnSource } from './find-source.js';
import { splitLine } from './split-line.js';
import type { Looked, LookOptions } from './looked.js';

/** Finds out what a CSV file holds. Throws CANNOT_READ and BAD_DATA. */
export async function lookAtTable({ paths }: OwnSource, options: LookOptions): Promise<Looked> {
  const [path = ''] = paths;
  const bytes = await bytesOf(path);
  const { rows, separator } = await parseCsv(bytes, path);
  const test = testTableOf(path);
  const hasTest = test !== undefined;
  const { schema, columns, notes, trained, tested } = learnOwnTable(rows, { ...options, hasTest });
  const count = (rows.length - Number(schema.header ?? true)).toLocaleString('en');
  const encoding = bytes[0] === 0xff || bytes[0] === 0xfe ? 'UTF-16' : 'UTF-8';
  return {
    preparation: { kind: 'table', table: { ...schema, separator } },
    facts: `${count} rows, ${columns.length} columns, ${encoding}, separator ${nameOf(separator)}`,
    columns,
    notes,
    rows: trained,
    split: test ? `${test}, which lies beside it` : splitLine(trained, tested),
  };
}
