import {
  choice,
  faultOfFields,
  flag,
  like,
  list,
  optional,
  text,
  type Fault,
  type Fields,
  type Rule,
} from '../fields/rules.js';
import { decimals, encodings } from './csv.js';
import { dateOrders } from './dates.js';
import { numberMarks } from './number-marks.js';
import type { Column, TableSchema } from './table.js';

type Kind = Column['kind'];
type ColumnOf<K extends Kind> = Extract<Column, { readonly kind: K }>;

/** What a cell of a table may be. */
export const cellRule = like('a text', (value) => typeof value === 'string');
const number = like('a number', (value) => typeof value === 'number' && Number.isFinite(value));
const own = { name: text, kind: text };
const scale = { mean: optional(number), deviation: optional(number) };
const marks = optional(list(choice(numberMarks)));

const columnFields = {
  number: { ...own, ...scale, marks } satisfies Fields<ColumnOf<'number'>>,
  date: { ...own, ...scale, order: choice(dateOrders), times: optional(flag) } satisfies Fields<ColumnOf<'date'>>,
  category: { ...own, values: list(cellRule), other: optional(flag) } satisfies Fields<ColumnOf<'category'>>,
  label: {
    ...own,
    classes: optional(
      list(like('a text, or several', (value) => [value].flat().every((one) => typeof one === 'string'))),
    ),
    dtype: optional(choice(['int32', 'float32'])),
    ...scale,
    marks,
    optional: optional(flag),
  } satisfies Fields<ColumnOf<'label'>>,
  id: own satisfies Fields<ColumnOf<'id'>>,
  ignore: own satisfies Fields<ColumnOf<'ignore'>>,
};

const column: Rule = {
  says: 'a column',
  fault: (value) => {
    const { kind } = (value ?? {}) as { readonly kind?: unknown };
    // A kind that there is not is told with all that there are.
    if (typeof kind !== 'string' || !Object.hasOwn(columnFields, kind)) return undefined;
    return faultOfFields(value as object, columnFields[kind as Kind]);
  },
};

const schemaFields = {
  columns: list(column, 0, 'a list of columns'),
  header: optional(flag),
  missing: optional(list(cellRule)),
  comment: optional(text),
  separator: optional(text),
  encoding: optional(choice(encodings)),
  decimal: optional(choice(decimals)),
} satisfies Fields<TableSchema>;

/** The first field of a schema that is not known, missing or of another kind. */
export function schemaFault(schema: object): Fault | undefined {
  return faultOfFields(schema, schemaFields);
}
