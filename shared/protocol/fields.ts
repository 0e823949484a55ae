import { TandemError } from '../errors.js';

/** Checks one field of a message and gives it its type. Throws BAD_MESSAGE that names the field. */
export type Field<T> = (value: unknown, name: string) => T;

const MAX_TEXT = 1024;

/** An integer from 0 (or `min`) to 2^53 - 1. */
export function count(min = 0): Field<number> {
  return (value, name) => {
    if (!Number.isSafeInteger(value) || (value as number) < min)
      return wrong(value, name, `an integer of at least ${min}`);
    return value as number;
  };
}

/** Any number, infinities and NaN included. */
export const real: Field<number> = (value, name) =>
  typeof value === 'number' ? value : wrong(value, name, 'a number');

export const flag: Field<boolean> = (value, name) =>
  typeof value === 'boolean' ? value : wrong(value, name, 'true or false');

export const text: Field<string> = (value, name) =>
  typeof value === 'string' && value.length <= MAX_TEXT
    ? value
    : wrong(value, name, `text of at most ${MAX_TEXT} characters`);

export function oneOf<const T extends string>(...options: readonly T[]): Field<T> {
  return (value, name) => {
    const found = options.find((option) => option === value);
    return found ?? wrong(value, name, `one of ${options.join(', ')}`);
  };
}

export function optional<T>(field: Field<T>): Field<T | null> {
  return (value, name) => (value === null ? null : field(value, name));
}

export function listOf<T>(field: Field<T>, maxLength: number): Field<readonly T[]> {
  return (value, name) => {
    if (!Array.isArray(value) || value.length > maxLength) return wrong(value, name, `a list of at most ${maxLength}`);
    return value.map((item, i) => field(item, `${name}[${i}]`));
  };
}

export function pair<T>(field: Field<T>): Field<[T, T]> {
  return (value, name) => {
    if (!Array.isArray(value) || value.length !== 2) return wrong(value, name, 'a pair');
    return [field(value[0], `${name}[0]`), field(value[1], `${name}[1]`)];
  };
}

function wrong(value: unknown, name: string, expected: string): never {
  const shown = value === undefined ? 'missing' : (JSON.stringify(value) ?? typeof value).slice(0, 80);
  throw new TandemError('BAD_MESSAGE', `field ${name} is ${shown}, expected ${expected}`);
}
