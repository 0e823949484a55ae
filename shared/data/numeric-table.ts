import { TandemError } from '../errors.js';
import { ndarray } from '../ndarray.js';
import { lineOf, numberOf, refuseTwins, wrongClassNumber, wrongNumber, type RowLines } from './cells.js';
import { arrayDataset, type Dataset } from './dataset.js';

export interface NumericTableOptions {
  /** The label's column; the last one by default. */
  readonly label?: string | undefined;
  /** `float32` where labels are numbers, with decimals or without; class numbers otherwise. */
  readonly labelType?: 'int32' | 'float32' | undefined;
  readonly lines?: RowLines;
}

/**
 * Rows of text cells below a header line, all numbers: features [rows, columns - 1] as float32, labels [rows] from the column
 * `label`. `source` names the table in errors. Throws BAD_DATA that names the line, the column and the cell.
 */
export function numericTable(
  rows: readonly (readonly string[])[],
  source: string,
  { label, labelType = 'int32', lines }: NumericTableOptions = {},
): Dataset {
  const [header, ...body] = rows;
  if (!header || body.length === 0) throw new TandemError('BAD_DATA', `${source} has no rows below its header`);
  refuseTwins(header, source);
  const labelColumn = label === undefined ? header.length - 1 : header.indexOf(label);
  if (labelColumn < 0) {
    throw new TandemError('BAD_DATA', `${source} has no column '${label ?? ''}'`, `use one of: ${header.join(', ')}`);
  }
  const width = header.length - 1;
  const features = new Float32Array(body.length * width);
  const labels = labelType === 'int32' ? new Int32Array(body.length) : new Float32Array(body.length);
  const wrongLabel = labelType === 'int32' ? wrongClassNumber : wrongNumber;
  body.forEach((cells, row) =>
    header.forEach((name, column) => {
      const cell = cells[column] ?? '';
      const isLabel = column === labelColumn;
      const wrong = (isLabel && wrongNumber(cell) === undefined ? wrongLabel : wrongNumber)(cell);
      if (wrong !== undefined) {
        throw new TandemError(
          'BAD_DATA',
          `${source}, line ${lineOf(lines, row + 1)}, column '${name}': '${cell}' ${wrong}`,
          isLabel ? LABEL_ACTION : 'correct the cell, or declare how its columns become numbers (docs/tasks.md)',
        );
      }
      if (isLabel) labels[row] = numberOf(cell);
      else features[row * width + column - Number(column > labelColumn)] = numberOf(cell);
    }),
  );
  const inputs = ndarray('float32', [body.length, width], features);
  return arrayDataset([inputs], [ndarray(labelType, [body.length], labels)]);
}

const LABEL_ACTION =
  'correct the cell, name another label, or declare labels that are numbers: dtype float32 in a schema beside the file, or labelType (docs/tasks.md)';
