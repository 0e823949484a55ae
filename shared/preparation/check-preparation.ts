import { checkTable } from '../data/table.js';
import { TandemError } from '../errors.js';
import {
  choice,
  faultOfFields,
  fieldsOf,
  flag,
  isObject,
  like,
  list,
  number,
  optional,
  text,
  whole,
  type Fields,
  type Rule,
} from '../fields/rules.js';
import { object } from '../fields/rules.js';
import type { Answer, ArrayPreparation, ImagePreparation, Preparation, SoundPreparation } from './preparation.js';

type Of<K extends Answer['kind']> = Extract<Answer, { readonly kind: K }>;

const any = number('a number', () => true);
const above = number('a number above 0', (value) => value > 0);
const kind = text;
const answers = {
  classes: { kind, name: text, classes: list(text, 2) } satisfies Fields<Of<'classes'>>,
  number: { kind, name: text, mean: any, deviation: above } satisfies Fields<Of<'number'>>,
};

const answer: Rule & { readonly optional?: never } = {
  says: 'what the model answers: classes, or a number',
  fault: (value) => {
    const { kind: named } = (value ?? {}) as { readonly kind?: unknown };
    const fields = named === 'number' ? answers.number : answers.classes;
    return fieldsOf({ ...fields, kind: choice(Object.keys(answers)) }, 'an answer').fault(value);
  },
};

const pair = like(
  'height and width',
  (value) => Array.isArray(value) && value.length === 2 && value.every((one) => whole(1).fault(one) === undefined),
);

const fields: Readonly<Record<Preparation['kind'], Readonly<Record<string, Rule>>>> = {
  table: { kind, table: object },
  images: {
    kind,
    size: pair,
    channels: like('1 or 3', (value) => value === 1 || value === 3),
    skipUnreadable: optional(flag),
    answer,
  } satisfies Fields<ImagePreparation>,
  sound: {
    kind,
    samplesPerSecond: whole(1000, 192_000),
    seconds: above,
    bands: whole(1, 512),
    skipUnreadable: optional(flag),
    means: list(any),
    deviations: list(above),
    answer,
  } satisfies Fields<SoundPreparation>,
  arrays: {
    kind,
    shape: list(whole(1), 1),
    means: list(any, 1),
    deviations: list(above, 1),
    answer,
  } satisfies Fields<ArrayPreparation>,
};

/** Throws BAD_OPTION, or BAD_DATA of a table's schema, that says what is wrong with a preparation, which may come from a file. */
export function checkPreparation(value: unknown): Preparation {
  const { kind: named } = (value ?? {}) as { readonly kind?: Preparation['kind'] };
  const known = choice(Object.keys(fields)).fault(named);
  const fault = !isObject(value)
    ? { path: '', what: 'is no object', action: 'give a preparation' }
    : ((known && { ...known, path: '.kind' }) ?? faultOfFields(value, fields[named ?? 'table']));
  if (fault) throw new TandemError('BAD_OPTION', `${fault.path.slice(1)} ${fault.what}`, fault.action);
  const preparation = value as Preparation;
  if (preparation.kind === 'table') checkTable(preparation.table, 'the preparation');
  return preparation;
}
