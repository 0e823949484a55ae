import { TandemError } from '../errors.js';
import { float32, int32 } from '../ndarray.js';
import { arrayDataset, type Dataset } from './dataset.js';

/**
 * Rows of text cells below a header line, all numbers: features [rows, columns - 1] as float32, labels [rows] as int32 from
 * the column `label`, by default the last. `source` names the table in errors. Throws BAD_DATA that names the line and the column.
 */
export function numericTable(rows: readonly (readonly string[])[], source: string, label?: string): Dataset {
  const [header, ...lines] = rows;
  if (!header || lines.length === 0) throw new TandemError('BAD_DATA', `${source} has no rows below its header`);
  const labelColumn = label === undefined ? header.length - 1 : header.indexOf(label);
  if (labelColumn < 0) {
    throw new TandemError('BAD_DATA', `${source} has no column '${label ?? ''}'`, `use one of: ${header.join(', ')}`);
  }
  const values = lines.map((line, row) => line.map((cell, column) => number(cell, source, row, header[column])));
  const features = values.map((line) => line.filter((_, column) => column !== labelColumn));
  const labels = values.map((line) => line[labelColumn] ?? NaN);
  return arrayDataset([float32([lines.length, header.length - 1], features.flat())], [int32([lines.length], labels)]);
}

function number(cell: string, source: string, row: number, column = ''): number {
  const value = cell === '' ? NaN : Number(cell);
  if (Number.isFinite(value)) return value;
  throw new TandemError(
    'BAD_DATA',
    `${source}, line ${row + 2}, column '${column}': '${cell}' is not a number`,
    'declare how its columns become numbers (docs/tasks.md)',
  );
}
