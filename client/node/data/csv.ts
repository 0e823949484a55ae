import { readFile } from 'node:fs/promises';
import { parse } from 'csv-parse/sync';
import { splitForTest, type ClientData } from '../../../shared/data/dataset.js';
import { numericTable } from '../../../shared/data/numeric-table.js';
import { TandemError } from '../../../shared/errors.js';
import { withFile } from '../../../storage/file-trouble.js';

export interface CsvOptions {
  /** The label's column; the last one by default. */
  readonly label?: string;
  /** One row in so many is kept for testing. */
  readonly testEvery?: number;
}

/**
 * A table of numbers with a header line: features [rows, columns - 1] as float32, labels [rows] as int32. For text columns,
 * missing values and standardised numbers see `loadTable`. Throws BAD_DATA that names the line and the column.
 */
export async function loadCsv(path: string, { label, testEvery }: CsvOptions = {}): Promise<ClientData> {
  return splitForTest(numericTable(await readRows(path), path, label), testEvery);
}

/**
 * All lines of a CSV file as text cells, but those that begin with `comment`. Throws CANNOT_READ, and BAD_DATA when its
 * lines differ in length.
 */
export async function readRows(path: string, { comment }: { comment?: string } = {}): Promise<string[][]> {
  const text = await withFile('read', { path, flag: '--data' }, () => readFile(path));
  try {
    const comments = comment === undefined ? {} : { comment, comment_no_infix: true };
    return parse(text, { trim: true, skip_empty_lines: true, ...comments });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new TandemError('BAD_DATA', `${path} cannot be read as CSV: ${message}`, 'check the path and the file');
  }
}
