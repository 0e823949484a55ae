import { TandemError } from './errors.js';

interface Row {
  readonly name: string;
}

/** What a function is called in results and state folders. Throws BAD_OPTION for one without a name. */
export function nameOfFunction(what: string, { name }: { readonly name: string }): string {
  if (name !== '') return name;
  const fault = `the ${what} is a function without a name, which results and state folders know it by`;
  throw new TandemError(
    'BAD_OPTION',
    fault,
    `declare it: function my${what[0]?.toUpperCase() ?? ''}${what.slice(1)}() { ... }`,
  );
}

/** A row that a user has written; it may not be called what another one is. Throws BAD_OPTION. */
export function customRow<R extends Row>(what: string, rows: readonly Row[], row: R): R {
  if (rows.every(({ name }) => name !== row.name)) return row;
  const fault = `the ${what} '${row.name}' of your own has the name of one that comes with Tandem`;
  throw new TandemError('BAD_OPTION', fault, `give it another name, or give the name alone to use Tandem's`);
}

/** The name alone of a row that comes with Tandem; of another one all that it says, and of functions what they are called. */
export function rowText(rows: readonly Row[], row: Row): string {
  if (rows.some(({ name }) => name === row.name)) return row.name;
  const said = Object.entries(row)
    .filter(([field, value]) => field !== 'name' && field !== 'summary' && value !== undefined)
    .map(
      ([field, value]) => `${field}: ${typeof value === 'function' ? (value as { name: string }).name : String(value)}`,
    );
  return `${row.name} (${said.sort().join(', ')})`;
}
