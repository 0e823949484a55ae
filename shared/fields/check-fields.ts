import { TandemError } from '../errors.js';
import { faultOfFields, isObject, shown, unknownField, type Fault, type Rule } from './rules.js';

/**
 * Checks what a person has written, whole, before anything is done with it. `what` says what it is, such as `task 'churn'` or `serve()`. Throws
 * BAD_OPTION with the path of the field, its value, and what to give or the name that was meant.
 */
export function checkFields(
  what: string,
  given: unknown,
  fields: Readonly<Record<string, Rule>>,
  /** What to do instead of fields that there were once. */
  formerly: Readonly<Record<string, string>> = {},
): void {
  if (!isObject(given)) throw new TandemError('BAD_OPTION', `${what} is given ${shown(given)}`, 'give an object');
  const old = Object.entries(formerly).find(([field]) => Object.hasOwn(given, field));
  if (old) throw new TandemError('BAD_OPTION', `${what}: ${old[0]} is no field any more`, old[1]);
  raise(what, faultOfFields(given, fields));
}

function raise(what: string, fault: Fault | undefined): void {
  if (fault)
    throw new TandemError('BAD_OPTION', `${what}: ${fault.path.replace(/^\./, '')} ${fault.what}`, fault.action);
}

/** Throws BAD_OPTION for a field that is none of these: what is not known would be dropped without a word. */
export function refuseUnknownFields(what: string, given: object, known: readonly string[], hint = ''): void {
  const unknown = Object.keys(given).find((field) => !known.includes(field));
  if (unknown === undefined) return;
  const { what: fault, action } = unknownField(unknown, known);
  throw new TandemError('BAD_OPTION', `${what}: '${unknown}' ${fault}${hint === '' ? '' : `: ${hint}`}`, action);
}

/** Those of the given fields that are declared: of flags, what is an option. */
export function pickFields<T extends object>(
  given: object,
  fields: Readonly<Record<keyof T & string, Rule>>,
): Partial<T> {
  return Object.fromEntries(Object.entries(given).filter(([field]) => Object.hasOwn(fields, field))) as Partial<T>;
}
