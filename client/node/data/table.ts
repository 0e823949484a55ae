import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { splitForTest } from '../../../shared/data/dataset.js';
import { splitById, tableIds, type IdentifiedData } from '../../../shared/data/row-ids.js';
import { checkTable, encodeTable, type TableSchema } from '../../../shared/data/table.js';
import { TandemError } from '../../../shared/errors.js';
import { withFile } from '../../../storage/file-trouble.js';
import { readRows } from './csv.js';

export interface TableOptions {
  /** The table to test on; by default the one beside it (see `testTableOf`). */
  readonly test?: string;
  /** Where there is none: one row in so many is kept for testing. */
  readonly testEvery?: number;
}

/**
 * A CSV file by a declared schema: text one-hot, numbers standardised, missing values, and the ids of rows where it has
 * them. Throws BAD_DATA.
 */
export async function loadTable(
  path: string,
  schema: TableSchema,
  options: TableOptions = {},
): Promise<IdentifiedData> {
  const { test: testPath = testTableOf(path), testEvery } = options;
  checkTable(schema, path);
  const train = await read(path, schema);
  if (testPath === undefined) {
    return train.ids ? splitById(train.dataset, train.ids, testEvery) : splitForTest(train.dataset, testEvery);
  }
  const test = await read(testPath, schema);
  const both = { train: train.dataset, test: test.dataset };
  return train.ids && test.ids ? { ...both, ids: { train: train.ids, test: test.ids } } : both;
}

async function read(path: string, schema: TableSchema) {
  const rows = await readRows(path, schema);
  return { dataset: encodeTable(schema, rows, path), ids: tableIds(schema, rows, path) };
}

/** The schema in `name.schema.json` beside `name.csv`, or undefined where there is none. Throws BAD_DATA. */
export async function schemaBeside(path: string): Promise<TableSchema | undefined> {
  const file = path.replace(/\.\w+$/, '.schema.json');
  if (!existsSync(file)) return undefined;
  const text = await withFile('read', { path: file }, () => readFile(file, 'utf8'));
  try {
    return checkTable(JSON.parse(text), path);
  } catch (error) {
    if (error instanceof TandemError) throw error;
    throw new TandemError('BAD_DATA', `${file} is no JSON: ${String(error)}`, 'correct the file');
  }
}

/** `income-test.csv` beside `income-train.csv`, `adult.test` beside `adult.data`: only where it is there. */
export function testTableOf(path: string): string | undefined {
  const name = basename(path);
  const other = name.includes('train') ? name.replace('train', 'test') : name.replace(/\.data$/, '.test');
  const file = join(dirname(path), other);
  return other !== name && existsSync(file) ? file : undefined;
}
