import { parseCsv } from '../../../shared/data/csv.js';
import { columnNames, numberOf } from '../../../shared/data/cells.js';
import { daysOf } from '../../../shared/data/dates.js';
import { columnIndices, RowEncoder } from '../../../shared/data/encode-table.js';
import type { TableSchema } from '../../../shared/data/table.js';
import { TandemError } from '../../../shared/errors.js';
import { float32 } from '../../../shared/ndarray.js';
import type { RawRow, RawValue } from '../../../shared/preparation/raw-row.js';
import type { TablePreparation } from '../../../shared/preparation/preparation.js';
import { bytesOf } from '../data/csv.js';
import type { AskedData } from './asked-data.js';
import type { OwnSource } from './find-source.js';
import { withTestLabels } from './test-labels.js';

/** Rows of a table; the label's column may be missing, as may some labels. */
export async function askedTable({ paths }: OwnSource, { table }: TablePreparation): Promise<AskedData> {
  const [path = ''] = paths;
  // Another program may have written it with another separator, and labels with another end.
  const { separator: _, ...written } = table;
  const { schema, notes } = await withTestLabels(written, path);
  const { rows, lines } = await parseCsv(await bytesOf(path), path, schema);
  const { header = true } = table;
  const first = header ? columnNames(rows[0] ?? []) : (rows[0] ?? []);
  const body = header ? rows.slice(1) : rows;
  if (body.length === 0) throw new TandemError('BAD_DATA', `${path} has no rows`, 'check the file');
  const encoder = new RowEncoder(schema, first, path, { labels: 'optional' });
  const { width, hasLabels } = encoder;
  const features = new Float32Array(body.length * width);
  const labels = Float64Array.from(body, (cells, row) =>
    encoder.encode(cells, lines[row + Number(header)] ?? 0, features, row * width),
  );
  const unknown = hasLabels ? labels.filter(Number.isNaN).length : 0;
  const id = header ? idColumn(table, first, body) : undefined;
  return {
    size: body.length,
    inputs: (asked) => {
      const values = new Float32Array(asked.length * width);
      for (let i = 0; i < asked.length; i++)
        values.set(features.subarray((asked[i] ?? 0) * width, ((asked[i] ?? 0) + 1) * width), i * width);
      return [float32([asked.length, width], values)];
    },
    raw: (row) => rawRow(table, first, path, body[row] ?? []),
    hasLabels: hasLabels && unknown < body.length,
    label: (row) => labels[row] ?? NaN,
    ...(id === undefined ? {} : { ids: { name: first[id] ?? '', of: (row: number) => body[row]?.[id] ?? '' } }),
    notes: [
      ...notes,
      ...(unknown > 0 ? [`${unknown.toLocaleString('en')} rows have no label that the model knows`] : []),
      ...encoder.notes,
    ],
  };
}

/** One row as it stands in the table. */
function rawRow(table: TableSchema, first: readonly string[], path: string, cells: readonly string[]): RawRow {
  const places = columnIndices(table, first, path, true);
  const { missing = ['?', ''] } = table;
  const values = table.columns.flatMap((column, i): (readonly [string, RawValue])[] => {
    const { name, kind } = column;
    const cell = cells[places[i] ?? -1] ?? '';
    if (kind === 'category') return [[name, { dtype: 'string', shape: [1], data: [cell] }]];
    if (kind !== 'number' && kind !== 'date') return [];
    const value = kind === 'number' ? numberOf(cell, column.marks) : daysOf(cell, column.order);
    return [[name, { dtype: 'float64', shape: [1], data: Float64Array.of(missing.includes(cell) ? NaN : value) }]];
  });
  return Object.fromEntries(values);
}

/** The schema's column of ids, or the first column that the model does not read and that is another in each row. */
function idColumn(
  { columns }: TableSchema,
  first: readonly string[],
  body: readonly (readonly string[])[],
): number | undefined {
  const isRead = new Set(columns.flatMap(({ name, kind }) => (kind === 'ignore' || kind === 'id' ? [] : [name])));
  const said = columns.find(({ kind }) => kind === 'id');
  const differs = (place: number) => {
    const cells = new Set(body.map((cells) => cells[place]));
    return cells.size === body.length && !cells.has('');
  };
  const found = first.findIndex((name, place) => name === said?.name || (!isRead.has(name) && differs(place)));
  return found < 0 ? undefined : found;
}
