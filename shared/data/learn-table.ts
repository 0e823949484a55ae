import { TandemError } from '../errors.js';
import { checkFields } from '../fields/check-fields.js';
import { callable, list, optional, text, type Fields } from '../fields/rules.js';
import { numberOf, refuseTwins } from './cells.js';
import { dateOrderOf, dateOrders, daysOf, type DateOrder } from './dates.js';
import { marksOf } from './number-marks.js';
import { cellRule } from './table-fields.js';
import type { Column, TableSchema } from './table.js';

const MISSING = ['?', ''];

/** What tables say where a number is missing; only in columns whose other cells are all numbers, since `NA` is a country, too. */
export const MISSING_NUMBERS = /^(n\/?a|nan|null|none|nil|unknown|missing|n\.a\.|-+|#n\/a|\.)$/i;

/** What is known of a table before its columns are looked at. */
export interface LearnTableOptions {
  /** The label's column; the last one by default. */
  readonly label?: string;
  /** The column that tells one row from another, where there is one. */
  readonly id?: string;
  /** Cells that say nothing; `?` and the empty one by default. */
  readonly missing?: readonly string[];
  /** Columns whose values are words, though they may look like numbers: postcodes, codes of products. */
  readonly categories?: readonly string[];
  /** Told what was guessed, a line each. */
  readonly onGuess?: (line: string) => void;
}

const learnTableFields = {
  label: optional(text),
  id: optional(text),
  missing: optional(list(cellRule)),
  categories: optional(list(text)),
  onGuess: optional(callable),
} satisfies Fields<LearnTableOptions>;

/**
 * Writes a schema down from the rows of a table with a header line, for all clients to use: columns of numbers and dates with their
 * mean and deviation, other columns with their values in order; text in the label's column becomes classes. Throws BAD_DATA
 * where there are no rows, no such column or two of one name, and for a column that is mostly numbers but not only.
 */
export function learnTable(rows: readonly (readonly string[])[], options: LearnTableOptions = {}): TableSchema {
  checkFields('learnTable()', options, learnTableFields);
  const [header = [], ...body] = rows;
  const { label = header.at(-1) ?? '', id, missing = MISSING, categories = [], onGuess } = options;
  const absent = [label, ...(id === undefined ? [] : [id]), ...categories].find((name) => !header.includes(name));
  if (absent !== undefined || body.length === 0) {
    throw new TandemError(
      'BAD_DATA',
      body.length === 0 ? 'the table has no rows' : `the table has no column '${absent ?? ''}'`,
      `it has: ${header.join(', ')}`,
    );
  }
  refuseTwins(header, 'the table');
  const found = new Set(missing);
  const columns = header.map((name, place): Column => {
    if (name === id) return { name, kind: 'id' };
    const cells = body.map((cells) => cells[place] ?? '').filter((cell) => !missing.includes(cell));
    const values = categories.includes(name) ? undefined : valuesOf(name, cells, (cell) => found.add(cell));
    if (values) guesses(name, values.cells, name === label).forEach((line) => onGuess?.(line));
    const texts = [...new Set(cells)].sort();
    if (name === label) return labelColumn(name, values, texts);
    if (values?.order) return dateColumn(name, values.cells, values.order);
    if (!values && texts.length === cells.length && texts.length > 1)
      onGuess?.(`column '${name}' has another word in each row: is it the id, or to be ignored?`);
    if (!values) return { name, kind: 'category', values: texts };
    const { marks } = values;
    const numbers = values.cells.map((cell) => numberOf(cell, marks));
    return { name, kind: 'number', ...statistics(numbers), ...(marks ? { marks } : {}) };
  });
  const further = [...found].filter((cell) => !MISSING.includes(cell));
  if (further.length > 0 && options.missing === undefined)
    onGuess?.(`cells that say ${further.map((cell) => `'${cell}'`).join(', ')} count as missing`);
  return further.length > 0 || options.missing ? { columns, missing: [...found] } : { columns };
}

/** Cells that are all numbers, or all dates, and how they are written. */
interface Values {
  readonly cells: readonly string[];
  readonly marks?: readonly string[];
  readonly order?: DateOrder;
}

const isNumber = (cell: string) => !Number.isNaN(numberOf(cell));
const isDate = (cell: string) => dateOrders.some((order) => !Number.isNaN(daysOf(cell, order)));

/** The cells that are numbers or dates, where all are that say anything; undefined where they are words. Throws BAD_DATA where it could be either. */
function valuesOf(name: string, cells: readonly string[], isMissing: (cell: string) => void): Values | undefined {
  const others = cells.filter((cell) => !isNumber(cell));
  if (others.length === 0) return { cells };
  const said = cells.filter((cell) => !MISSING_NUMBERS.test(cell));
  const found = said.length === 0 ? undefined : writtenAs(said);
  if (found) {
    others.filter((cell) => MISSING_NUMBERS.test(cell)).forEach(isMissing);
    return { cells: said, ...found };
  }
  // Words come again and again, and are looked at once.
  const dates = new Set([...new Set(said)].filter(isDate));
  const areDates = 2 * said.filter((cell) => dates.has(cell)).length > said.length;
  const what = areDates ? 'dates' : 'numbers';
  const strange = cells.filter((cell) => !(areDates ? dates.has(cell) : isNumber(cell)));
  if (cells.length - strange.length <= strange.length) return undefined;
  const words = [...new Set(strange)];
  const shown =
    words
      .slice(0, 3)
      .map((word) => `'${word}'`)
      .join(', ') + (words.length > 3 ? ', ...' : '');
  throw new TandemError(
    'BAD_DATA',
    strange.length === 0
      ? `column '${name}' has dates that are not all written in one order`
      : `column '${name}' has ${cells.length - strange.length} ${what} and ${strange.length} other cells: ${shown}`,
    strange.length === 0
      ? `write them as 2024-12-31, or list '${name}' in categories (--categories) or leave it out (--ignore)`
      : `list those cells in missing (--missing-cells), or '${name}' in categories (--categories)`,
  );
}

function writtenAs(cells: readonly string[]): Omit<Values, 'cells'> | undefined {
  if (cells.every(isNumber)) return {};
  const marks = marksOf(cells, isNumber);
  if (marks) return { marks };
  const order = dateOrderOf(cells);
  return order && { order };
}

function dateColumn(name: string, cells: readonly string[], order: DateOrder): Column {
  if (order === 'time') return { name, kind: 'date', order };
  const days = cells.map((cell) => daysOf(cell, order));
  const hasTimes = days.some((day) => !Number.isInteger(day));
  return { name, kind: 'date', order, ...statistics(days), ...(hasTimes ? { times: true } : {}) };
}

function guesses(name: string, numbers: readonly string[], isLabel: boolean): string[] {
  const isWhole = numbers.length > 1 && numbers.every((cell) => /^\d+$/.test(cell));
  if (!isWhole || isLabel) return [];
  if (numbers.some((cell) => /^0\d/.test(cell)))
    return [`column '${name}' has leading zeros and is read as numbers: list it in categories if it holds codes`];
  return new Set(numbers).size === numbers.length && numbers.length > 20
    ? [`column '${name}' has another whole number in each row: is it the id, or to be ignored?`]
    : [];
}

function labelColumn(name: string, values: Values | undefined, texts: readonly string[]): Column {
  if (!values || values.order) return { name, kind: 'label', classes: texts };
  const { cells, marks } = values;
  return marks === undefined && cells.every((cell) => Number.isInteger(numberOf(cell)))
    ? { name, kind: 'label' }
    : { name, kind: 'label', dtype: 'float32', ...(marks ? { marks } : {}) };
}

/** Of all values, as a population; a column that never changes is left at 0. */
function statistics(values: readonly number[]): { mean: number; deviation: number } {
  const count = Math.max(1, values.length);
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / count;
  return { mean, deviation: Math.sqrt(variance) || 1 };
}
