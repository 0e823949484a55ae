import { TandemError } from './errors.js';

/** Throws BAD_OPTION for a field that is none of these: what is not known would be dropped without a word. */
export function refuseUnknownFields(what: string, given: object, known: readonly string[], hint = ''): void {
  const unknown = Object.keys(given).find((field) => !known.includes(field));
  if (unknown === undefined) return;
  throw new TandemError(
    'BAD_OPTION',
    `${what} has no '${unknown}'${hint === '' ? '' : `: ${hint}`}`,
    known.length > 0 ? `it has ${known.join(', ')}` : 'leave it out',
  );
}
