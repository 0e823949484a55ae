import { readFile } from 'node:fs/promises';
import { checkFields } from '../../../shared/fields/check-fields.js';
import { choice, optional, text, type Fields } from '../../../shared/fields/rules.js';
import { decimals, encodings, parseCsv, type CsvFormat } from '../../../shared/data/csv.js';
import type { ClientData } from '../../../shared/data/dataset.js';
import { readTable } from '../../../shared/data/read-table.js';
import { keepForTest, keptNote, testEveryRule } from '../../../shared/data/test-share.js';
import { withFile } from '../../../storage/file-trouble.js';

export interface CsvOptions {
  /** The label's column; the last one by default. */
  readonly label?: string;
  /** `float32` where labels are numbers, with decimals or without; class numbers otherwise. */
  readonly labelType?: 'int32' | 'float32';
  /** One row in so many is kept for testing. */
  readonly testEvery?: number;
}

const csvFields = {
  label: optional(text),
  labelType: optional(choice(['int32', 'float32'])),
  testEvery: testEveryRule,
} satisfies Fields<CsvOptions>;

const formatFields = {
  comment: optional(text),
  separator: optional(text),
  encoding: optional(choice(encodings)),
  decimal: optional(choice(decimals)),
} satisfies Fields<CsvFormat>;

/**
 * A table of numbers with a header line: features [rows, columns - 1] as float32, labels [rows] as int32. For text columns,
 * missing values and standardised numbers see `loadTable`. Throws BAD_DATA that names the line and the column.
 */
export async function loadCsv(path: string, given: CsvOptions = {}): Promise<ClientData> {
  checkFields('loadCsv()', given, csvFields);
  const { testEvery, ...options } = given;
  const { dataset, guesses, names } = await readTable(await bytesOf(path), path, options);
  const data = keepForTest(dataset, testEvery);
  return { ...data, names, notes: [`${path}: ${[...guesses, keptNote(data)].join('; ')}`] };
}

/**
 * All lines of a CSV file as text cells, but those that begin with `comment`. Throws CANNOT_READ, and BAD_DATA when its
 * lines differ in length.
 */
export async function readRows(path: string, format: CsvFormat = {}): Promise<readonly (readonly string[])[]> {
  checkFields('readRows()', format, formatFields);
  return (await parseCsv(await bytesOf(path), path, format)).rows;
}

/** A file that `--data` names, or another flag. */
export function bytesOf(path: string, flag = '--data'): Promise<Uint8Array> {
  return withFile('read', { path, flag }, () => readFile(path));
}
