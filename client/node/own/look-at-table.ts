import { nameOf, parseCsv, remarkNotes } from '../../../shared/data/csv.js';
import { namesOfSchema } from '../../../shared/data/run-names.js';
import { encodeTable } from '../../../shared/data/encode-table.js';
import { keepForTest } from '../../../shared/data/test-share.js';
import { learnOwnTable } from '../../../shared/preparation/own-table.js';
import { bytesOf } from '../data/csv.js';
import { loadTable, testTableOf } from '../data/table.js';
import type { OwnSource } from './find-source.js';
import { isLarge, lookAtLargeTable } from './large-table.js';
import type { Looked, LookOptions } from './looked.js';
import { splitLine } from './split-line.js';
import { withTestLabels } from './test-labels.js';
import { encodingName, formatNotes, formatOf } from './table-format.js';

/** Finds out what a CSV file holds. Throws CANNOT_READ and BAD_DATA. */
export async function lookAtTable({ paths }: OwnSource, options: LookOptions): Promise<Looked> {
  const [path = ''] = paths;
  const test = testTableOf(path);
  if (test === undefined && (await isLarge(path))) return lookAtLargeTable(path, options);
  const bytes = await bytesOf(path);
  const format = await formatOf(bytes, path, options.separator);
  const { rows, lines, separator, remarks } = await parseCsv(bytes, path, { ...format, separator: options.separator });
  const found = learnOwnTable(rows, { ...options, hasTest: test !== undefined });
  const { columns, notes, trained, tested } = found;
  const comment = remarks === undefined ? {} : { comment: remarks };
  const learned = { ...found.schema, separator, ...format, ...comment };
  const { schema, notes: others } =
    test === undefined ? { schema: learned, notes: [] } : await withTestLabels(learned, test);
  const count = (rows.length - Number(schema.header ?? true)).toLocaleString('en');
  // Rows that are at hand are not read again.
  const data =
    test === undefined
      ? { ...keepForTest(encodeTable(schema, rows, path, lines), undefined), names: namesOfSchema(schema) }
      : await loadTable(path, schema);
  return {
    preparation: { kind: 'table', table: schema },
    data,
    facts: `${count} rows, ${columns.length} columns, ${encodingName(bytes, format)}, separator ${nameOf(separator)}`,
    columns,
    notes: [...formatNotes(format), ...remarkNotes({ remarks }), ...notes, ...others],
    rows: trained,
    split: test ? `${test}, which lies beside it` : splitLine(trained, tested),
  };
}
