import { TandemError } from '../errors.js';
import { twice } from './cells.js';
import { dateWidth, type DateOrder } from './dates.js';
import type { Decimal, Encoding } from './csv.js';
import { isObject } from '../fields/rules.js';
import { schemaFault } from './table-fields.js';

/**
 * How the columns of a table become numbers. It is declared, not learned from each client's rows: clients with a table
 * each must all encode alike, or the same input means something else at each of them.
 */
export interface TableSchema {
  /** With a header line, columns are found by name and those not listed are left out; else they are in order. */
  readonly columns: readonly Column[];
  /** Whether the first line names the columns; true by default. */
  readonly header?: boolean;
  /** Cells that say nothing; `?` and the empty one by default. */
  readonly missing?: readonly string[];
  /** Lines that begin with this are left out. */
  readonly comment?: string;
  /** What separates cells, such as `;`; by default what the file can be read with. */
  readonly separator?: string;
  /** `windows-1252` (with it Latin-1) where the file is neither UTF-8 nor UTF-16. */
  readonly encoding?: Encoding;
  /** `,` where decimals are written so. */
  readonly decimal?: Decimal;
}

/** How one column of a table becomes numbers. */
export type Column = { readonly name: string } & (
  | {
      /** `(value - mean) / deviation`; 0 and 1 by default. A missing cell counts as the mean, and needs one. */
      readonly kind: 'number';
      readonly mean?: number;
      readonly deviation?: number;
      /** Signs that may stand in a number and do not count: a unit such as `$` or `%`, what is between thousands, `(` for negative ones in brackets. */
      readonly marks?: readonly string[];
    }
  | {
      /** `(days - mean) / deviation` of the days since 1970, and sine and cosine of where in the year, the week and, with `times`, the day it lies; of a time alone only the last. A missing one is zeros only. */
      readonly kind: 'date';
      readonly order: DateOrder;
      readonly mean?: number;
      readonly deviation?: number;
      readonly times?: boolean;
    }
  | {
      /** One-hot. A missing cell is zeros only, unless it is one of the values. */
      readonly kind: 'category';
      readonly values: readonly string[];
      /** Whether any other value counts as one more word, the last; it is refused without. */
      readonly other?: boolean;
    }
  /**
   * Exactly one; none where a party with ids has only features. The texts of each class, from 0; without classes a whole
   * number, or with `dtype: 'float32'` any number, which is trained as `(value - mean) / deviation`.
   */
  | {
      readonly kind: 'label';
      readonly classes?: readonly (string | readonly string[])[];
      readonly dtype?: 'int32' | 'float32';
      readonly mean?: number;
      readonly deviation?: number;
      /** As of numbers. */
      readonly marks?: readonly string[];
      /** Whether rows without one are left out; they are refused otherwise. */
      readonly optional?: boolean;
    }
  /** At most one: what tells a party of a vertical run which row is which; see docs/alignment.md. */
  | { readonly kind: 'id' }
  | { readonly kind: 'ignore' }
);

/** How many numbers a row becomes: the length of the model's input. */
export function tableWidth({ columns }: TableSchema): number {
  return columns.reduce((sum, column) => sum + widthOf(column), 0);
}

/** The places of a column's numbers in a row. Throws BAD_OPTION for a column that the table has not. */
export function columnPlaces({ columns }: TableSchema, name: string): number[] {
  const found = columns.findIndex((column) => column.name === name);
  const column = columns[found];
  if (!column) throw new TandemError('BAD_OPTION', `the table has no column '${name}'`, 'see its schema');
  const start = columns.slice(0, found).reduce((sum, before) => sum + widthOf(before), 0);
  return Array.from({ length: widthOf(column) }, (_, i) => start + i);
}

/** How many numbers a column becomes. */
export function widthOf(column: Column): number {
  if (column.kind === 'category') return column.values.length + Number(column.other ?? false);
  if (column.kind === 'date') return dateWidth(column.order, column.times ?? false);
  return Number(column.kind === 'number');
}

/** Throws BAD_DATA that says what is wrong with a schema, which may come from a file. */
export function checkTable(value: unknown, source: string): TableSchema {
  const fault = isObject(value) ? schemaFault(value) : undefined;
  if (fault) {
    const what = `the schema of ${source} is wrong: ${fault.path.replace(/^\./, '')} ${fault.what}`;
    throw new TandemError('BAD_DATA', what, `${fault.action} (docs/tasks.md)`);
  }
  const schema = value as TableSchema | null;
  const columns: readonly Partial<Column>[] = Array.isArray(schema?.columns) ? (schema?.columns ?? []) : [];
  const count = (wanted: Column['kind']) => columns.filter(({ kind }) => kind === wanted).length;
  const wrong =
    columns.length === 0
      ? 'it lists no columns'
      : count('label') > 1 || count('label') + count('id') === 0
        ? 'it has not exactly one label'
        : count('id') > 1
          ? 'it has more than one id'
          : (columns.map(wrongColumn).find((what) => what !== undefined) ?? wrongTwins(columns));
  if (wrong === undefined) return schema as TableSchema;
  throw new TandemError('BAD_DATA', `the schema of ${source} is wrong: ${wrong}`, 'see docs/tasks.md');
}

function wrongTwins(columns: readonly Partial<Column>[]): string | undefined {
  const twin = twice(columns.map(({ name }) => String(name)));
  return twin && `it lists column '${twin.name}' twice, as the ${twin.places}`;
}

function wrongColumn(column: Partial<Column>): string | undefined {
  const name = `column '${String(column.name)}'`;
  if (typeof column.name !== 'string') return 'a column has no name';
  switch (column.kind) {
    case 'number':
    case 'date': {
      const { mean = 0, deviation = 1 } = column;
      return Number.isFinite(mean) && deviation > 0 ? undefined : `${name} has mean ${mean}, deviation ${deviation}`;
    }
    case 'category':
      return Array.isArray(column.values) && new Set(column.values).size === column.values.length
        ? undefined
        : `${name} lists no values, or one twice`;
    case 'label':
      return wrongLabelColumn(name, column);
    case 'id':
    case 'ignore':
      return undefined;
    default:
      return `${name} is of kind '${String((column as { kind?: unknown }).kind)}', not number, date, category, label, id or ignore`;
  }
}

function wrongLabelColumn(name: string, column: Partial<Extract<Column, { kind: 'label' }>>) {
  const { classes, dtype, mean, deviation } = column;
  if ((mean ?? deviation) !== undefined && dtype !== 'float32')
    return `${name} has a mean or a deviation, which only labels of dtype float32 have`;
  if (!(Number.isFinite(mean ?? 0) && (deviation ?? 1) > 0))
    return `${name} has mean ${mean ?? 0}, deviation ${deviation ?? 1}`;
  if (classes !== undefined && !Array.isArray(classes)) return `${name} lists no classes`;
  const twin = twice((classes ?? []).flat());
  if (twin) return `${name} lists the class '${twin.name}' twice`;
  if (dtype !== undefined && dtype !== 'int32' && dtype !== 'float32')
    return `${name} has dtype '${String(dtype)}', not int32 or float32`;
  return classes && dtype === 'float32' ? `${name} has classes, which are no float32` : undefined;
}
