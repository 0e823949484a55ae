import { TandemError } from '../errors.js';
import type { Column, TableSchema } from './table.js';

const MISSING = ['?', ''];

/**
 * Writes a schema down from the rows of a table with a header line, for all clients to use: columns of numbers with their
 * mean and deviation, other columns with their values in order. The label is the last column by default; text becomes
 * classes. `id` names the column of the rows' ids, where they have some. Throws BAD_DATA where there are no rows or no such
 * column.
 */
export function learnTable(
  rows: readonly (readonly string[])[],
  { label, id }: { label?: string; id?: string } = {},
): TableSchema {
  const [header = [], ...body] = rows;
  const labelColumn = label === undefined ? header.length - 1 : header.indexOf(label);
  const absent = [label, id].find((name) => name !== undefined && !header.includes(name));
  if (absent !== undefined || body.length === 0) {
    throw new TandemError(
      'BAD_DATA',
      body.length === 0 ? 'the table has no rows' : `the table has no column '${absent ?? ''}'`,
      `it has: ${header.join(', ')}`,
    );
  }
  const columns = header.map((name, i): Column => {
    if (name === id) return { name, kind: 'id' };
    const cells = body.map((cells) => cells[i] ?? '').filter((cell) => !MISSING.includes(cell));
    const texts = [...new Set(cells)].sort();
    const numbers = cells.map(Number);
    const numeric = numbers.every((value) => Number.isFinite(value));
    if (i === labelColumn) return numeric ? { name, kind: 'label' } : { name, kind: 'label', classes: texts };
    return numeric ? { name, kind: 'number', ...statistics(numbers) } : { name, kind: 'category', values: texts };
  });
  return { columns };
}

/** Of all values, as a population; a column that never changes is left at 0. */
function statistics(values: readonly number[]): { mean: number; deviation: number } {
  const count = Math.max(1, values.length);
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / count;
  return { mean, deviation: Math.sqrt(variance) || 1 };
}
