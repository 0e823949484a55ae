import { TandemError } from '../errors.js';

/**
 * Ids in the form in which parties compare them: without blanks around, composed as Unicode's NFC says, and otherwise as
 * they stand, so `7` and `007` are two. Throws BAD_DATA that counts ids that are empty, broken or there twice; it names
 * their rows, from 1, or where they are known their lines, and never an id, since errors travel.
 */
export function normalIds(raw: readonly string[], source = 'the table', lines?: readonly number[]): readonly string[] {
  if (raw.length === 0) throw new TandemError('BAD_DATA', `${source} has no rows to align`, 'check the file');
  const ids = raw.map((id) => id.trim().normalize('NFC'));
  refuseRows(source, 'have no id', 'give every row an id', (id) => id === '', ids, lines);
  refuseRows(
    source,
    'have an id that is no valid Unicode',
    'save the file as UTF-8',
    (id) => LONE.test(id),
    ids,
    lines,
  );
  const seen = new Set<string>();
  const again = (id: string) => seen.size === seen.add(id).size;
  refuseRows(source, 'have an id that an earlier row has', 'keep one row an id', again, ids, lines);
  return ids;
}

/** Half a surrogate pair: as UTF-8 all of these would be the same. */
const LONE = /\p{Surrogate}/u;

function refuseRows(
  source: string,
  what: string,
  action: string,
  isWrong: (id: string) => boolean,
  ids: readonly string[],
  lines: readonly number[] | undefined,
): void {
  const rows = ids.flatMap((id, row) => (isWrong(id) ? [lines?.[row] ?? row + 1] : []));
  if (rows.length === 0) return;
  const shown = rows.slice(0, 5).join(', ') + (rows.length > 5 ? ', ...' : '');
  throw new TandemError(
    'BAD_DATA',
    `${rows.length} of ${ids.length} rows of ${source} ${what}: ${lines ? 'lines ' : ''}${shown}`,
    action,
  );
}
