import { nearestName } from './fields/nearest-name.js';
import { TandemError } from './errors.js';

/** The row of a table that has this name. Throws BAD_OPTION that lists the names there are; `what` is what a row is. */
export function findRow<R extends { readonly name: string }>(rows: readonly R[], name: string, what: string): R {
  const row = rows.find((candidate) => candidate.name === name);
  if (row) return row;
  const known = rows.map((candidate) => candidate.name).join(', ');
  const meant = nearestName(
    name,
    rows.map((candidate) => candidate.name),
  );
  const action = meant === undefined ? `use one of: ${known}` : `did you mean '${meant}'? Use one of: ${known}`;
  throw new TandemError('BAD_OPTION', `unknown ${what} '${name}'`, action);
}
