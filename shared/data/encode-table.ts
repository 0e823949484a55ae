import { TandemError } from '../errors.js';
import { ndarray } from '../ndarray.js';
import {
  columnNames,
  lineOf,
  numberOf,
  refuseTwins,
  wrongClassNumber,
  wrongFloat32,
  wrongNumber,
  type RowLines,
} from './cells.js';
import { daysOf, roundsOf, writeRounds } from './dates.js';
import { arrayDataset, subset, type Dataset } from './dataset.js';
import { tableWidth, widthOf, type Column, type TableSchema } from './table.js';

export interface RowEncoderOptions {
  /** `optional` where a model is only asked: rows may lack a label, have an unknown one, or the table has no such column. */
  readonly labels?: 'needed' | 'optional';
}

/** Writes rows of text cells as numbers, one after the other. */
export class RowEncoder {
  /** How many numbers a row becomes. */
  readonly width: number;
  /** Whether the table has a column of labels. */
  readonly hasLabels: boolean;
  private readonly places: readonly number[];
  private readonly encoders: readonly Encoder[];
  private readonly widths: readonly number[];
  private readonly lacksLabel: (cell: string) => boolean;
  /** By column: cells with words that the schema does not list, which count as one more. */
  private readonly others = new Map<string, number>();

  /** `first` is the table's first line. Throws BAD_DATA for a column that is not there. */
  constructor(
    private readonly schema: TableSchema,
    first: readonly string[],
    private readonly source: string,
    { labels = 'needed' }: RowEncoderOptions = {},
  ) {
    const { columns, missing = ['?', ''] } = schema;
    const isAsked = labels === 'optional';
    this.places = columnIndices(schema, first, source, isAsked);
    this.width = tableWidth(schema);
    this.widths = columns.map(widthOf);
    this.encoders = columns.map((column) =>
      encoderOf(column, missing, () => this.others.set(column.name, (this.others.get(column.name) ?? 0) + 1)),
    );
    const label = columns.findIndex(({ kind }) => kind === 'label');
    this.hasLabels = (this.places[label] ?? -1) >= 0;
    const column = columns[label];
    const mayLack = isAsked || (column?.kind === 'label' && (column.optional ?? false));
    this.lacksLabel = (cell) => mayLack && (missing.includes(cell) || (isAsked && this.wrongLabel(label, cell)));
  }

  /** Writes a row's numbers from `at` on; returns its label, NaN where it has none. Throws BAD_DATA with the line, the column and the cell. */
  encode(cells: readonly string[], line: number, features: Float32Array, at: number): number {
    const { columns, header = true } = this.schema;
    const fail = (what: string, action: string): never => {
      throw new TandemError('BAD_DATA', `${this.source}, line ${line}${what}`, action);
    };
    const wanted = columns.length - Number(!header && !this.hasLabels);
    if (!header && cells.length !== wanted)
      fail(` has ${cells.length} cells, the schema ${columns.length} columns`, 'check the file and the schema');
    let label = NaN;
    let next = at;
    for (const [i, column] of columns.entries()) {
      const place = this.places[i] ?? -1;
      const cell = cells[place] ?? '';
      const isLeftOut = place < 0 || (column.kind === 'label' && this.lacksLabel(cell));
      const wrong = isLeftOut ? undefined : this.encoders[i]?.(cell, features, next, (found) => (label = found));
      if (wrong)
        fail(`, column '${column.name}': '${cell}' ${wrong}`, 'correct the cell or the schema (docs/tasks.md)');
      next += this.widths[i] ?? 0;
    }
    return label;
  }

  /** What counts as other, a line each column, for who has the data. */
  get notes(): string[] {
    return [...this.others].map(([name, count]) => {
      const cells = count === 1 ? '1 cell says a word' : `${count.toLocaleString('en')} cells say words`;
      return `column '${name}': ${cells} that the task does not list, taken as other`;
    });
  }

  private wrongLabel(place: number, cell: string): boolean {
    return this.encoders[place]?.(cell, new Float32Array(0), 0, () => undefined) !== undefined;
  }
}

/**
 * Rows of text cells as features [rows, width], float32, and labels [rows], int32 or as the schema says. `source` names the
 * table in errors, `lines` the line of each row where that is not its number. Rows without a label that the schema calls
 * optional are left out. Throws BAD_DATA with the line, the column and the cell that does not fit.
 */
export function encodeTable(
  schema: TableSchema,
  rows: readonly (readonly string[])[],
  source: string,
  lines?: RowLines,
): Dataset {
  return encodeRows(schema, rows, source, lines).dataset;
}

/** The same, with what was left out or counts as other, a line each. */
export function encodeRows(
  schema: TableSchema,
  rows: readonly (readonly string[])[],
  source: string,
  lines?: RowLines,
): { readonly dataset: Dataset; readonly notes: readonly string[] } {
  const { columns, header = true } = schema;
  const body = header ? rows.slice(1) : rows;
  if (body.length === 0) throw new TandemError('BAD_DATA', `${source} has no rows`, 'check the file');
  const encoder = new RowEncoder(schema, rows[0] ?? [], source);
  const { width } = encoder;
  const features = new Float32Array(body.length * width);
  const labels = Float64Array.from(body, (cells, row) =>
    encoder.encode(cells, lineOf(lines, row + Number(header)), features, row * width),
  );
  const hasLabels = columns.some(({ kind }) => kind === 'label');
  const kept = hasLabels ? [...labels.keys()].filter((row) => !Number.isNaN(labels[row])) : [];
  const labelType = labelTypeOf(schema);
  const values = labelType === 'int32' ? Int32Array.from(labels) : Float32Array.from(labels);
  const arrays = arrayDataset(
    width > 0 ? [ndarray('float32', [body.length, width], features)] : [],
    hasLabels ? [ndarray(labelType, [body.length], values)] : [],
  );
  // A table may have nothing but ids.
  const all = { ...arrays, size: body.length };
  if (!hasLabels || kept.length === body.length) return { dataset: all, notes: encoder.notes };
  const left = `${(body.length - kept.length).toLocaleString('en')} rows have no label and are left out`;
  return { dataset: subset(all, kept), notes: [left, ...encoder.notes] };
}

/** What the labels of a table are kept as. */
export function labelTypeOf({ columns }: TableSchema): 'int32' | 'float32' {
  const label = columns.find((column) => column.kind === 'label');
  return label?.kind === 'label' ? (label.dtype ?? 'int32') : 'int32';
}

/**
 * The place of each column of the schema in a row's cells, -1 for one that is not there and may be missing: what is left out, and where a
 * model is only asked the label. Throws BAD_DATA for another one.
 */
export function columnIndices(
  { columns, header = true }: TableSchema,
  line: readonly string[],
  source: string,
  isAsked = false,
): number[] {
  const mayLack = ({ kind }: Column) => kind === 'ignore' || (isAsked && (kind === 'label' || kind === 'id'));
  if (!header) {
    const label = columns.findIndex(({ kind }) => kind === 'label');
    const lacksLabel = isAsked && label >= 0 && line.length === columns.length - 1;
    return columns.map((_, i) => (lacksLabel ? (i === label ? -1 : i - Number(i > label)) : i));
  }
  const first = columnNames(line);
  // Columns that are not listed are left out, whatever their names.
  const named = new Set(columns.map(({ name }) => name));
  refuseTwins(
    first.filter((name) => named.has(name)),
    source,
  );
  const placeOf = new Map(first.map((name, place) => [name, place]));
  return columns.map((column) => {
    const place = placeOf.get(column.name) ?? -1;
    if (place >= 0 || mayLack(column)) return place;
    throw new TandemError('BAD_DATA', `${source} has no column '${column.name}'`, `it has: ${first.join(', ')}`);
  });
}

/** Writes a cell's numbers; returns what is wrong with it. */
type Encoder = (
  cell: string,
  features: Float32Array,
  at: number,
  setLabel: (label: number) => void,
) => string | undefined;

function encoderOf(column: Column, missing: readonly string[], onOther: () => void): Encoder {
  switch (column.kind) {
    case 'number': {
      const { mean, deviation = 1, marks } = column;
      return (cell, features, at) => {
        if (missing.includes(cell)) return mean === undefined ? 'is missing and the column has no mean' : undefined;
        const wrong = wrongNumber(cell, marks);
        const value = (numberOf(cell, marks) - (mean ?? 0)) / deviation;
        features[at] = value;
        return wrong ?? (wrongFloat32(value, false) && `is too far from the mean of its column for float32`);
      };
    }
    case 'date':
      return dateEncoder(column, missing);
    case 'category': {
      const places = new Map(column.values.map((value, i) => [value, i]));
      return (cell, features, at) => {
        const known = places.get(cell);
        const isOther = known === undefined && (column.other ?? false) && !missing.includes(cell);
        if (isOther) onOther();
        const place = isOther ? column.values.length : known;
        if (place !== undefined) features[at + place] = 1;
        return place !== undefined || missing.includes(cell) ? undefined : 'is none of its values';
      };
    }
    case 'label':
      return labelEncoder(column);
    case 'id':
    case 'ignore':
      return () => undefined;
  }
}

function dateEncoder(column: Extract<Column, { kind: 'date' }>, missing: readonly string[]): Encoder {
  const { order, times = false, mean = 0, deviation = 1 } = column;
  const rounds = roundsOf(order, times);
  const first = order === 'time' ? 0 : 1;
  return (cell, features, at) => {
    if (missing.includes(cell)) return undefined;
    const days = daysOf(cell, order);
    if (Number.isNaN(days)) return `is no ${order === 'time' ? 'time of day' : `date written as ${order}`}`;
    if (first > 0) features[at] = (days - mean) / deviation;
    writeRounds(days, rounds, features, at + first);
    return undefined;
  };
}

function labelEncoder(column: Extract<Column, { kind: 'label' }>): Encoder {
  const { classes, dtype = 'int32', mean = 0, deviation = 1, marks } = column;
  const numbers = new Map(classes?.flatMap((texts, i) => [texts].flat().map((text) => [text, i] as const)));
  return (cell, _features, _at, setLabel) => {
    setLabel(classes ? (numbers.get(cell) ?? NaN) : (numberOf(cell, marks) - mean) / deviation);
    if (classes) return numbers.has(cell) ? undefined : 'is none of its classes';
    return dtype === 'int32' ? wrongClassNumber(cell) : wrongNumber(cell, marks);
  };
}
