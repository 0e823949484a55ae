import { TandemError } from '../errors.js';
import { checkFields } from '../fields/check-fields.js';
import { callable, list, optional, text, type Fields } from '../fields/rules.js';
import { numberOf, refuseTwins } from './cells.js';
import { cellRule } from './table-fields.js';
import type { Column, TableSchema } from './table.js';

const MISSING = ['?', ''];

/** What tables say where a number is missing; only in columns whose other cells are all numbers, since `NA` is a country, too. */
const MISSING_NUMBERS = /^(n\/?a|nan|null|none|nil|unknown|missing|n\.a\.|-+|#n\/a|\.)$/i;

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
 * Writes a schema down from the rows of a table with a header line, for all clients to use: columns of numbers with their
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
    const numbers = categories.includes(name) ? undefined : numbersOf(name, cells, (cell) => found.add(cell));
    if (numbers) guesses(name, numbers, name === label).forEach((line) => onGuess?.(line));
    const texts = [...new Set(cells)].sort();
    if (name === label) return labelColumn(name, numbers, texts);
    if (!numbers && texts.length === cells.length && texts.length > 1)
      onGuess?.(`column '${name}' has another word in each row: is it the id, or to be ignored?`);
    return numbers
      ? { name, kind: 'number', ...statistics(numbers.map(numberOf)) }
      : { name, kind: 'category', values: texts };
  });
  const further = [...found].filter((cell) => !MISSING.includes(cell));
  if (further.length > 0 && options.missing === undefined)
    onGuess?.(`cells that say ${further.map((cell) => `'${cell}'`).join(', ')} count as missing`);
  return further.length > 0 || options.missing ? { columns, missing: [...found] } : { columns };
}

/** The cells that are numbers, where all are that say anything; undefined where they are words. Throws BAD_DATA where it could be either. */
function numbersOf(
  name: string,
  cells: readonly string[],
  isMissing: (cell: string) => void,
): readonly string[] | undefined {
  const others = cells.filter((cell) => Number.isNaN(numberOf(cell)));
  if (others.length === 0) return cells;
  const numbers = cells.filter((cell) => !Number.isNaN(numberOf(cell)));
  const words = [...new Set(others)];
  if (numbers.length > 0 && words.every((word) => MISSING_NUMBERS.test(word))) {
    words.forEach(isMissing);
    return numbers;
  }
  if (numbers.length <= others.length) return undefined;
  const shown =
    words
      .slice(0, 3)
      .map((word) => `'${word}'`)
      .join(', ') + (words.length > 3 ? ', ...' : '');
  throw new TandemError(
    'BAD_DATA',
    `column '${name}' has ${numbers.length} numbers and ${others.length} other cells: ${shown}`,
    `list those cells in missing (--missing-cells), or '${name}' in categories (--categories)`,
  );
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

function labelColumn(name: string, numbers: readonly string[] | undefined, texts: readonly string[]): Column {
  if (!numbers) return { name, kind: 'label', classes: texts };
  return numbers.every((cell) => Number.isInteger(numberOf(cell)))
    ? { name, kind: 'label' }
    : { name, kind: 'label', dtype: 'float32' };
}

/** Of all values, as a population; a column that never changes is left at 0. */
function statistics(values: readonly number[]): { mean: number; deviation: number } {
  const count = Math.max(1, values.length);
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / count;
  return { mean, deviation: Math.sqrt(variance) || 1 };
}
