import { TandemError } from '../errors.js';
import { dateOrders, daysOf } from './dates.js';
import { numberMarks, withoutMarks } from './number-marks.js';

/** Where the rows of a table stand in its file: the line of each, the header's included; by default one a row. */
export type RowLines = readonly number[] | undefined;

export function lineOf(lines: RowLines, row: number): number {
  return lines?.[row] ?? row + 1;
}

/** Digits, a point and an exponent; `0x10`, `1e`, `Infinity` and the empty cell are none. */
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** The number a cell says, or NaN; `marks` are signs that may stand in it and do not count. */
export function numberOf(cell: string, marks?: readonly string[]): number {
  if (NUMBER.test(cell)) return Number(cell);
  const plain = marks ? withoutMarks(cell, marks) : cell;
  return NUMBER.test(plain) ? Number(plain) : NaN;
}

/** Whether a cell says a number or a date rather than a name. */
export function isValue(cell: string): boolean {
  return !Number.isNaN(numberOf(cell, numberMarks)) || dateOrders.some((order) => !Number.isNaN(daysOf(cell, order)));
}

/** What is wrong with a cell that is to be a number. */
export function wrongNumber(cell: string, marks?: readonly string[]): string | undefined {
  const value = numberOf(cell, marks);
  if (Number.isNaN(value)) {
    return /^[+-]?\d+,\d+$/.test(cell) ? 'is not a number: it has a comma where a point is needed' : 'is not a number';
  }
  return wrongFloat32(value, /[1-9]/.test(cell.replace(/e.*/i, '')));
}

/** What is wrong with a number once float32 holds it: one too large is infinite there, one too small is 0. */
export function wrongFloat32(value: number, isNotZero = value !== 0): string | undefined {
  const kept = Math.fround(value);
  if (!Number.isFinite(kept)) return 'is too large for float32, which ends at 3.4e38';
  return kept === 0 && isNotZero ? 'is too small for float32, which makes it 0' : undefined;
}

/** What is wrong with a cell that is to be the number of a class. */
export function wrongClassNumber(cell: string): string | undefined {
  const value = numberOf(cell);
  if (!Number.isInteger(value)) return 'is no class number: it must be a whole number';
  return value === (value | 0) ? undefined : 'is no class number: it does not fit int32, which ends at 2147483647';
}

/** What the first line calls columns; one without a name, such as that of row numbers, is called by its place. */
export function columnNames(first: readonly string[]): string[] {
  return first.map((name, i) => (name === '' ? `column ${i + 1}` : name));
}

/** A name that stands twice in a list, with the places of both, from 1. */
export function twice(names: readonly string[]): { readonly name: string; readonly places: string } | undefined {
  if (new Set(names).size === names.length) return undefined;
  const second = names.findIndex((name, place) => names.indexOf(name) !== place);
  const name = names[second];
  return name === undefined ? undefined : { name, places: `${names.indexOf(name) + 1} and ${second + 1}` };
}

/** Columns are found by name, so a name that stands twice would be read once. Throws BAD_DATA. */
export function refuseTwins(header: readonly string[], source: string): void {
  const twin = twice(header);
  if (!twin) return;
  throw new TandemError(
    'BAD_DATA',
    `${source} has two columns of the name '${twin.name}', the ${twin.places}`,
    'give each a name of its own in the first line',
  );
}
