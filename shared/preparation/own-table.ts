import { columnNames, isValue, numberOf } from '../data/cells.js';
import { arrayDataset, originOf } from '../data/dataset.js';
import { learnTable, MISSING_NUMBERS } from '../data/learn-table.js';
import { widthOf, type Column, type TableSchema } from '../data/table.js';
import { keepForTest } from '../data/test-share.js';
import { TandemError } from '../errors.js';
import { nearestName } from '../fields/nearest-name.js';
import { float32 } from '../ndarray.js';
import { describeColumns, type ColumnLine } from './describe-columns.js';
import { labelMarks, labelOf, labelStatistics, type OwnKind, type OwnLabel } from './own-label.js';

export interface OwnTableOptions {
  /** The label's column; the last one by default. */
  readonly label?: string | undefined;
  readonly kind?: OwnKind | undefined;
  /** Cells that say nothing; `?`, the empty one, and among numbers `NA` and the like by default. */
  readonly missing?: readonly string[] | undefined;
  /** Columns whose values are words, though they may look like numbers. */
  readonly categories?: readonly string[] | undefined;
  /** Columns that are left out. */
  readonly ignore?: readonly string[] | undefined;
  /** Whether the first line names the columns; told from it by default. */
  readonly header?: boolean | undefined;
  /** Whether all rows are trained on, since others are there to test on. */
  readonly hasTest?: boolean;
}

/** What was found out about a table, before anything is trained. */
export interface OwnTable {
  readonly schema: TableSchema;
  readonly label: OwnLabel & { readonly name: string };
  readonly columns: readonly ColumnLine[];
  readonly notes: readonly string[];
  /** Rows that are trained on, and those kept for testing. */
  readonly trained: number;
  readonly tested: number;
}

const MISSING = ['?', ''];
/** A column with more words has those that occur most often, and the others count as one. */
const MOST_WORDS = 300;

/**
 * Finds out what the columns of a table are, and how they become numbers: words, means and deviations from the rows that are trained
 * on alone. Throws BAD_DATA with the name that was meant.
 */
export function learnOwnTable(rows: readonly (readonly string[])[], options: OwnTableOptions): OwnTable {
  const { header: hasHeader = looksLikeHeader(rows) } = options;
  const body = hasHeader ? rows.slice(1) : rows;
  if (body.length === 0) throw new TandemError('BAD_DATA', 'the table has no rows', 'check the file');
  const names = hasHeader ? columnNames(rows[0] ?? []) : (rows[0] ?? []).map((_, i) => String(i + 1));
  const said = options.missing ?? MISSING;
  // Lines that all end in a separator have a last column of nothing.
  const isSaid = (place: number) => body.some((cells) => !said.includes(cells[place] ?? ''));
  const name = options.label ?? names.findLast((_, place) => isSaid(place)) ?? names.at(-1) ?? '';
  [name, ...(options.categories ?? []), ...(options.ignore ?? [])].forEach((each) => checkColumn(each, names));
  const place = names.indexOf(name);
  const missing = [...said, ...(options.missing ? [] : labelGaps(body, place))];
  const labels = body.map((cells) => cells[place] ?? '').filter((cell) => !missing.includes(cell));
  const label = labelOf(name, labels, options.kind);
  const kept = body.filter((cells) => !missing.includes(cells[place] ?? ''));
  const trained = options.hasTest ? kept : trainingRows(kept, place, label);
  const notes = [
    ...(hasHeader ? [] : ['no names in the first line: columns are numbered']),
    ...(options.label === undefined ? [`the label is the last column, '${name}'`] : []),
    ...(kept.length < body.length ? [`${count(body.length - kept.length)} rows have no label and are left out`] : []),
    ...oddClasses(label),
  ];
  // Words that stand for a missing number are found by the one who knows; ids are not learned from.
  const learned = learnTable([names, ...trained], {
    label: name,
    ...(missing.length > MISSING.length || options.missing ? { missing } : {}),
    categories: options.categories ?? [],
    onGuess: (line) => {
      if (!line.includes('another w')) notes.push(line);
    },
  });
  const gaps = learned.missing ?? missing;
  const left = new Map<string, string>((options.ignore ?? []).map((each) => [each, 'left out, as asked for']));
  const columns = learned.columns.map((column, at): Column => {
    if (column.name === name)
      return { ...labelColumn(name, label, trained, at), ...(kept.length < body.length ? { optional: true } : {}) };
    const cells = trained.map((row) => row[at] ?? '');
    const why = left.get(column.name) ?? uselessness(column, cells, gaps);
    if (why !== undefined) left.set(column.name, why);
    if (why !== undefined) return { name: column.name, kind: 'ignore' };
    return column.kind === 'category' ? { ...column, values: commonWords(cells), other: true } : column;
  });
  if (!columns.some((column) => column.kind !== 'label' && widthOf(column) > 0))
    throw new TandemError('BAD_DATA', 'no column is left to learn from', 'name another label, or correct the table');
  const schema = { ...learned, columns, ...(hasHeader ? {} : { header: false }) };
  const counts = { trained: trained.length, tested: kept.length - trained.length };
  return { schema, label: { ...label, name }, columns: describeColumns(schema, names, body, left), notes, ...counts };
}

function count(rows: number): string {
  return rows.toLocaleString('en');
}

/** Throws BAD_DATA for a column that is not there, with the one that was meant. */
function checkColumn(name: string, names: readonly string[]): void {
  if (names.includes(name)) return;
  const meant = nearestName(name, names);
  throw new TandemError(
    'BAD_DATA',
    `the table has no column '${name}'`,
    `${meant === undefined ? '' : `did you mean '${meant}'? `}It has: ${names.join(', ')}`,
  );
}

/** A line of names has no numbers and mostly no gaps; and what it says, no row says again. */
export function looksLikeHeader(rows: readonly (readonly string[])[]): boolean {
  const [first = [], ...rest] = rows;
  const named = first.filter((cell) => cell !== '');
  const isNamed = named.every((cell) => cell !== '?' && !isValue(cell));
  if (!isNamed || 2 * named.length <= first.length) return false;
  return !first.every((cell, at) => rest.some((row) => row[at] === cell));
}

/** The rows that the reader of tables does not keep for testing. */
function trainingRows(
  rows: readonly (readonly string[])[],
  place: number,
  label: OwnLabel,
): readonly (readonly string[])[] {
  const places = new Map(label.kind === 'classification' ? label.classes.map((text, i) => [text, i] as const) : []);
  const marks = marksOfLabel(label);
  const numbers = rows.map((row) => places.get(row[place] ?? '') ?? numberOf(row[place] ?? '', marks));
  const { train } = keepForTest(arrayDataset([], [float32([rows.length], numbers)]), undefined);
  return Array.from({ length: train.size }, (_, row) => rows[originOf(train, row)] ?? []);
}

function labelColumn(name: string, label: OwnLabel, trained: readonly (readonly string[])[], at: number) {
  if (label.kind === 'classification') return { name, kind: 'label', classes: label.classes } as const;
  const { marks } = label;
  const scale = labelStatistics(
    trained.map((row) => row[at] ?? ''),
    marks,
  );
  return { name, kind: 'label', dtype: 'float32', ...scale, ...(marks ? { marks } : {}) } as const;
}

function marksOfLabel(label: OwnLabel): readonly string[] | undefined {
  return label.kind === 'regression' ? label.marks : undefined;
}

/** Words for a label that is missing, where the others are numbers. */
function labelGaps(rows: readonly (readonly string[])[], place: number): string[] {
  const different = [...new Set(rows.map((cells) => cells[place] ?? ''))];
  const gaps = different.filter((cell) => MISSING_NUMBERS.test(cell));
  const others = different.filter((cell) => !MISSING.includes(cell) && !gaps.includes(cell));
  const marks = labelMarks(others);
  return others.length > 1 && others.every((cell) => !Number.isNaN(numberOf(cell, marks))) ? gaps : [];
}

/** Classes that may be none. */
function oddClasses(label: OwnLabel): string[] {
  if (label.kind !== 'classification') return [];
  const gaps = label.classes.filter((name) => MISSING_NUMBERS.test(name));
  const twins = label.classes.filter((name, i) =>
    label.classes.some((other, j) => j < i && other.toLowerCase() === name.toLowerCase()),
  );
  return [
    ...gaps.map(
      (name) => `'${name}' counts as a class; where it says that the label is missing: --missing-cells ${name}`,
    ),
    ...twins.slice(0, 1).map((name) => `'${name}' is a class of its own, though another differs only in capitals`),
  ];
}

/** Why nothing can be learned from a column; undefined where something can. */
function uselessness(column: Column, cells: readonly string[], gaps: readonly string[]): string | undefined {
  const said = cells.filter((cell) => !gaps.includes(cell));
  const different = new Set(said);
  if (said.length === 0) return 'left out: it is empty';
  if (different.size === 1 && said.length === cells.length) return 'left out: it is the same in all rows';
  if (said.length < 20) return undefined;
  if (column.kind === 'category' && 2 * different.size > said.length)
    return 'left out: its words hardly ever come twice';
  return column.kind === 'number' && different.size === said.length && isCounter(said)
    ? 'left out: it counts the rows'
    : undefined;
}

/** Whole numbers that are close together and each another, as where rows are numbered. */
function isCounter(cells: readonly string[]): boolean {
  if (!cells.every((cell) => /^\d+$/.test(cell))) return false;
  const numbers = Float64Array.from(cells, Number).sort();
  return (numbers.at(-1) ?? 0) - (numbers[0] ?? 0) < 2 * cells.length;
}

/** The words of a column in order, a missing one too. */
function commonWords(cells: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const cell of cells) counts.set(cell, (counts.get(cell) ?? 0) + 1);
  const byCount = [...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
  return byCount
    .slice(0, MOST_WORDS)
    .map(([word]) => word)
    .sort();
}
