import { nameOf, parseCsv } from '../../../shared/data/csv.js';
import { namesOfSchema } from '../../../shared/data/run-names.js';
import { encodeTable } from '../../../shared/data/encode-table.js';
import { keepForTest } from '../../../shared/data/test-share.js';
import { learnOwnTable } from '../../../shared/preparation/own-table.js';
import { bytesOf } from '../data/csv.js';
import { loadTable, testTableOf } from '../data/table.js';
import type { OwnSource } from './find-source.js';
import type { Looked, LookOptions } from './looked.js';
import { splitLine } from './split-line.js';

/** Finds out what a CSV file holds. Throws CANNOT_READ and BAD_DATA. */
export async function lookAtTable({ paths }: OwnSource, options: LookOptions): Promise<Looked> {
  const [path = ''] = paths;
  const bytes = await bytesOf(path);
  const { rows, lines, separator } = await parseCsv(bytes, path);
  const test = testTableOf(path);
  const found = learnOwnTable(rows, { ...options, hasTest: test !== undefined });
  const { columns, notes, trained, tested } = found;
  const schema = { ...found.schema, separator };
  const count = (rows.length - Number(schema.header ?? true)).toLocaleString('en');
  const encoding = bytes[0] === 0xff || bytes[0] === 0xfe ? 'UTF-16' : 'UTF-8';
  // Rows that are at hand are not read again.
  const data =
    test === undefined
      ? { ...keepForTest(encodeTable(schema, rows, path, lines), undefined), names: namesOfSchema(schema) }
      : await loadTable(path, schema);
  return {
    preparation: { kind: 'table', table: schema },
    data,
    facts: `${count} rows, ${columns.length} columns, ${encoding}, separator ${nameOf(separator)}`,
    columns,
    notes,
    rows: trained,
    split: test ? `${test}, which lies beside it` : splitLine(trained, tested),
  };
}
