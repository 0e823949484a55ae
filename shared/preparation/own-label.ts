import { numberOf } from '../data/cells.js';
import { marksOf } from '../data/number-marks.js';
import { TandemError } from '../errors.js';
import { meanAndDeviation } from './statistics.js';

/** What is trained: which class a row is of, or a number. */
export const ownKinds = ['classification', 'regression'] as const;
export type OwnKind = (typeof ownKinds)[number];

/** Whole numbers with no more different values than this are taken for classes. */
const MOST_NUMBERED_CLASSES = 20;
/** More are no classes that anything could be learned of. */
const MOST_CLASSES = 10_000;

/** What a column of labels holds: its classes in order, or numbers. */
export type OwnLabel =
  | { readonly kind: 'classification'; readonly classes: readonly string[] }
  | { readonly kind: 'regression'; readonly marks?: readonly string[] };

/**
 * Tells from labels, as texts, what they are: words are classes, and so are whole numbers of which there are few. `asked` is
 * what a person said instead. Throws BAD_DATA where they can be neither.
 */
export function labelOf(name: string, cells: readonly string[], asked?: OwnKind): OwnLabel {
  const different = [...new Set(cells)];
  const marks = labelMarks(different);
  const valueOf = (cell: string) => numberOf(cell, marks);
  const areNumbers = different.length > 0 && !different.some((cell) => Number.isNaN(valueOf(cell)));
  const areFew = different.length <= MOST_NUMBERED_CLASSES && 2 * different.length <= cells.length;
  const areClasses = !areNumbers || (areFew && different.every((cell) => Number.isInteger(valueOf(cell))));
  const kind = asked ?? (areClasses ? 'classification' : 'regression');
  if (different.length < 2)
    throw bad(
      `the label '${name}' is '${different[0] ?? ''}' in all rows`,
      'there is nothing to learn: name another label',
    );
  if (kind === 'regression' && !areNumbers) {
    const word = different.find((cell) => Number.isNaN(valueOf(cell))) ?? '';
    throw bad(`the label '${name}' holds '${word}', which is no number`, 'correct it, or give --kind classification');
  }
  if (kind === 'regression') return marks ? { kind, marks } : { kind };
  if (different.length > MOST_CLASSES || (!areNumbers && 2 * different.length > cells.length && cells.length > 20)) {
    const what = `the label '${name}' has ${different.length} different values in ${cells.length} rows`;
    throw bad(what, 'name the column that is to be predicted');
  }
  return { kind, classes: inOrder(different, areNumbers ? valueOf : undefined) };
}

/** Mean and deviation of labels that are numbers. */
export function labelStatistics(
  cells: readonly string[],
  marks?: readonly string[],
): { readonly mean: number; readonly deviation: number } {
  return meanAndDeviation(cells.map((cell) => numberOf(cell, marks)));
}

/** Signs in labels that are numbers otherwise, such as prices. */
export function labelMarks(cells: readonly string[]): readonly string[] | undefined {
  return marksOf(cells, (cell) => !Number.isNaN(numberOf(cell)));
}

function inOrder(values: readonly string[], valueOf: ((cell: string) => number) | undefined): string[] {
  return [...values].sort((a, b) => (valueOf ? valueOf(a) - valueOf(b) : a < b ? -1 : 1));
}

function bad(message: string, action: string): TandemError {
  return new TandemError('BAD_DATA', message, action);
}
