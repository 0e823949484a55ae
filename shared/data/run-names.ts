import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { TandemError } from '../errors.js';
import { limits, textLimits } from '../protocol/limits.js';
import { widthOf, type Column, type TableSchema } from './table.js';

/** What the numbers of a run's samples stand for, so that all its clients mean the same. */
export interface RunNames {
  /** The class of each label number. */
  readonly classes?: readonly string[];
  /** The columns of a table in the order of the model's input. */
  readonly columns?: readonly string[];
  /** A digest of how these columns become numbers, where a schema says that. */
  readonly coding?: string;
}

/** What a client's own data call them; each column is so many values wide. */
export interface DataNames extends RunNames {
  readonly widths?: readonly number[];
}

/** What a client may tell of its names, which stand in one header: so many of each, and so many bytes in all. */
const MOST_TOLD = limits.names;
const MOST_TOLD_BYTES = 2400;

/** The names that a schema gives; the first text of a class is its name. */
export function namesOfSchema({ columns }: TableSchema, only?: readonly string[]): DataNames {
  const features = columns.filter(({ name, kind }) => isFeature(kind) && (only?.includes(name) ?? true));
  const ordered = only ? only.flatMap((name) => features.find((column) => column.name === name) ?? []) : features;
  const label = columns.find((column) => column.kind === 'label');
  const classes = label?.kind === 'label' ? label.classes?.map((texts) => [texts].flat()[0] ?? '') : undefined;
  return {
    ...(classes ? { classes } : {}),
    ...(ordered.length > 0
      ? {
          columns: ordered.map(({ name }) => name),
          widths: ordered.map(widthOf),
          coding: codingOf(ordered),
        }
      : {}),
  };
}

function isFeature(kind: Column['kind']): boolean {
  return kind === 'number' || kind === 'date' || kind === 'category';
}

function codingOf(columns: readonly Column[]): string {
  const said = columns.map((column) =>
    column.kind === 'number'
      ? [column.name, column.mean ?? 0, column.deviation ?? 1]
      : column.kind === 'date'
        ? [column.name, column.order, column.mean ?? 0, column.deviation ?? 1]
        : [column.name, ...(column.kind === 'category' ? wordsOf(column) : [])],
  );
  // The order of columns is compared by their names.
  const lines = said.map((each) => JSON.stringify(each)).sort();
  return bytesToHex(sha256(new TextEncoder().encode(lines.join('\n')))).slice(0, 16);
}

function wordsOf({ values, other }: Extract<Column, { kind: 'category' }>): readonly unknown[] {
  return other ? [...values, { other }] : values;
}

/** What goes over the wire of a client's names: all of a kind, or none where they would not fit. */
export function toldNames({ classes, columns, coding }: RunNames): RunNames {
  let room = MOST_TOLD_BYTES;
  const fits = (names: readonly string[]) => {
    const bytes = new TextEncoder().encode(JSON.stringify(names)).length;
    if (names.length > MOST_TOLD || bytes > room || names.some((name) => name.length > textLimits.name)) return false;
    room -= bytes;
    return true;
  };
  return {
    ...(classes && fits(classes) ? { classes } : {}),
    ...(columns && fits(columns) ? { columns, ...(coding === undefined ? {} : { coding }) } : {}),
  };
}

/** Names that a server sent. Throws BAD_MESSAGE for what are none. */
export function checkRunNames(value: unknown): RunNames {
  const { classes, columns, coding } = (value ?? {}) as Readonly<Record<string, unknown>>;
  const areNames = (list: unknown) =>
    list === undefined || (Array.isArray(list) && list.every((name) => typeof name === 'string'));
  if (areNames(classes) && areNames(columns) && (coding === undefined || typeof coding === 'string'))
    return value as RunNames;
  throw new TandemError('BAD_MESSAGE', "the model definition's names are no lists of text");
}

export function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, i) => name === b[i]);
}
