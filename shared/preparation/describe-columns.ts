import { numberOf } from '../data/cells.js';
import { daysOf, type DateOrder } from '../data/dates.js';
import type { Column, TableSchema } from '../data/table.js';

/** A column as a person is shown it. */
export interface ColumnLine {
  readonly name: string;
  /** `number`, `8 words`, `label`, `left out`. */
  readonly what: string;
  readonly detail: string;
}

/** One line a column: what it holds, and what is done with it. `left` says why some are left out. */
export function describeColumns(
  { columns, missing = ['?', ''] }: TableSchema,
  names: readonly string[],
  rows: readonly (readonly string[])[],
  left: ReadonlyMap<string, string>,
): ColumnLine[] {
  const gaps = new Set(missing);
  return columns.map((column) => {
    const at = names.indexOf(column.name);
    const cells = rows.map((row) => row[at] ?? '');
    const said = cells.filter((cell) => !gaps.has(cell));
    return { name: column.name, ...lineOf(column, said, cells.length - said.length, left.get(column.name)) };
  });
}

function lineOf(column: Column, said: readonly string[], gaps: number, why: string | undefined) {
  const missing = gaps === 0 ? '' : `${count(gaps)} missing`;
  switch (column.kind) {
    case 'number':
      return {
        what: 'number',
        detail: listed(spanOf(said, column.marks), missing && `${missing}: taken as the mean`),
      };
    case 'date':
      return {
        what: column.order === 'time' ? 'time' : 'date',
        detail: listed(datesOf(said, column.order), missing && `${missing}: taken as the mean`),
      };
    case 'category': {
      const words = new Set(said).size;
      const known = new Set(column.values);
      const others = said.filter((cell) => !known.has(cell)).length;
      const rare = others === 0 ? '' : `${count(others)} cells say others, which count as one`;
      return { what: `${words} words`, detail: listed(rare, missing && `${missing}: a word of its own`) };
    }
    case 'label':
      return {
        what: 'label',
        detail: listed(column.classes ? classesOf(said) : `a number, ${spanOf(said, column.marks)}`, missing),
      };
    case 'id':
    case 'ignore':
      return { what: column.kind === 'id' ? 'id' : 'left out', detail: (why ?? '').replace('left out: ', '') };
  }
}

function classesOf(cells: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const cell of cells) counts.set(cell, (counts.get(cell) ?? 0) + 1);
  const most = [...counts].sort(([, a], [, b]) => b - a);
  const shown = most.slice(0, 3).map(([name, n]) => `${name} (${Math.round((100 * n) / cells.length)} %)`);
  return `${most.length} classes: ${shown.join(', ')}${most.length > shown.length ? ', ...' : ''}`;
}

/** The first and the last, as they are written. */
function datesOf(cells: readonly string[], order: DateOrder): string {
  let [first, last] = [cells[0] ?? '', cells[0] ?? ''];
  for (const cell of cells) {
    if (daysOf(cell, order) < daysOf(first, order)) first = cell;
    if (daysOf(cell, order) > daysOf(last, order)) last = cell;
  }
  return `${first} to ${last}${order === 'time' ? '' : `, read as ${order}`}`;
}

function spanOf(cells: readonly string[], marks?: readonly string[]): string {
  let [least, most] = [Infinity, -Infinity];
  for (const cell of cells) {
    const value = numberOf(cell, marks);
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  const read = marks
    ? `, read without ${marks.map((mark) => (/^\s$/.test(mark) ? 'blanks' : mark)).join(' and ')}`
    : '';
  return `${count(least)} to ${count(most)}${read}`;
}

function listed(...parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join('; ');
}

/** Made once: a table may have thousands of columns. */
const format = new Intl.NumberFormat('en', { maximumSignificantDigits: 6 });

function count(value: number): string {
  return format.format(value);
}
