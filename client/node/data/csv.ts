import { readFile } from 'node:fs/promises';
import { parse } from 'csv-parse/sync';
import { arrayDataset, splitForTest, type ClientData } from '../../../shared/data/dataset.js';
import { TandemError } from '../../../shared/errors.js';
import { float32, int32 } from '../../../shared/ndarray.js';

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
  const rows = await readRows(path);
  const [header, ...lines] = rows;
  if (!header || lines.length === 0) throw new TandemError('BAD_DATA', `${path} has no rows below its header`);
  const labelColumn = label === undefined ? header.length - 1 : header.indexOf(label);
  if (labelColumn < 0) {
    throw new TandemError('BAD_DATA', `${path} has no column '${label ?? ''}'`, `use one of: ${header.join(', ')}`);
  }
  const values = lines.map((line, row) => line.map((cell, column) => number(cell, path, row, header[column])));
  const features = values.map((line) => line.filter((_, column) => column !== labelColumn));
  const labels = values.map((line) => line[labelColumn] ?? NaN);
  const all = arrayDataset(
    [float32([lines.length, header.length - 1], features.flat())],
    [int32([lines.length], labels)],
  );
  return splitForTest(all, testEvery);
}

/**
 * All lines of a CSV file as text cells, but those that begin with `comment`. Throws BAD_DATA when it cannot be read or its
 * lines differ in length.
 */
export async function readRows(path: string, { comment }: { comment?: string } = {}): Promise<string[][]> {
  try {
    const comments = comment === undefined ? {} : { comment, comment_no_infix: true };
    return parse(await readFile(path), { trim: true, skip_empty_lines: true, ...comments });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new TandemError('BAD_DATA', `${path} cannot be read as CSV: ${message}`, 'check the path and the file');
  }
}

function number(cell: string, path: string, row: number, column = ''): number {
  const value = cell === '' ? NaN : Number(cell);
  if (Number.isFinite(value)) return value;
  throw new TandemError(
    'BAD_DATA',
    `${path}, line ${row + 2}, column '${column}': '${cell}' is not a number`,
    'declare how its columns become numbers (docs/tasks.md)',
  );
}
