import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { readTable } from '../../../shared/data/read-table.js';
import { splitById, type IdentifiedData } from '../../../shared/data/row-ids.js';
import { checkTable, type TableSchema } from '../../../shared/data/table.js';
import { checkFields } from '../../../shared/fields/check-fields.js';
import { optional, text, type Fields } from '../../../shared/fields/rules.js';
import { keepForTest, keptNote, testEveryRule } from '../../../shared/data/test-share.js';
import { decodeJson } from '../../../shared/data/text-file.js';
import { bytesOf } from './csv.js';

/** How a table is read. */
export interface TableOptions {
  /** The table to test on; by default the one beside it (see `testTableOf`). */
  readonly test?: string;
  /** Where there is none: one row in so many is kept for testing. */
  readonly testEvery?: number;
}

const tableOptionFields = { test: optional(text), testEvery: testEveryRule } satisfies Fields<TableOptions>;

/**
 * A CSV file by a declared schema: text one-hot, numbers standardised, missing values, and the ids of rows where it has
 * them. Throws BAD_DATA.
 */
export async function loadTable(
  path: string,
  schema: TableSchema,
  options: TableOptions = {},
): Promise<IdentifiedData> {
  checkFields('loadTable()', options, tableOptionFields);
  const { test: testPath = testTableOf(path), testEvery } = options;
  checkTable(schema, path);
  const { guesses, names, ...train } = await read(path, schema);
  const said = (parts: readonly string[]) => (parts.length > 0 ? { notes: [`${path}: ${parts.join('; ')}`] } : {});
  if (testPath === undefined) {
    const data = train.ids ? splitById(train.dataset, train.ids, testEvery) : keepForTest(train.dataset, testEvery);
    return { ...data, names, ...said([...guesses, keptNote(data)]) };
  }
  const test = await read(testPath, schema);
  const both = {
    train: train.dataset,
    test: test.dataset,
    names,
    ...said([...guesses, ...(options.test === undefined ? [`tested on ${testPath}, which lies beside it`] : [])]),
  };
  return train.ids && test.ids ? { ...both, ids: { train: train.ids, test: test.ids } } : both;
}

async function read(path: string, schema: TableSchema) {
  return readTable(await bytesOf(path), path, { schema });
}

/** The schema in `name.schema.json` beside `name.csv`, or undefined where there is none. Throws BAD_DATA. */
export async function schemaBeside(path: string): Promise<TableSchema | undefined> {
  const file = path.replace(/\.\w+$/, '.schema.json');
  if (file === path || !existsSync(file)) return undefined;
  return checkTable(decodeJson(await bytesOf(file), file), path);
}

/** `income-test.csv` beside `income-train.csv`, `adult.test` beside `adult.data`: only where it is there. */
export function testTableOf(path: string): string | undefined {
  const name = basename(path);
  const other = name.includes('train') ? name.replace('train', 'test') : name.replace(/\.data$/, '.test');
  const file = join(dirname(path), other);
  return other !== name && existsSync(file) ? file : undefined;
}
