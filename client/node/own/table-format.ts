import { COMMA_NUMBER, parseCsv } from '../../../shared/data/csv.js';
import type { TableSchema } from '../../../shared/data/table.js';
import { decodeText, holdsZeros, markedEncoding, noText, wholeLines } from '../../../shared/data/text-file.js';

/** So much of a file is looked at for how its numbers are written. */
const HEAD_BYTES = 100_000;

export type Found = Pick<TableSchema, 'encoding' | 'decimal'>;

/** How the file is written, where that is not as usual: bytes that are no UTF-8, and commas where decimals have points. */
export async function formatOf(bytes: Uint8Array, path: string, asked?: string): Promise<Found> {
  if (holdsZeros(bytes)) throw noText(bytes, path);
  const encoding = isUnicode(bytes, path) ? {} : { encoding: 'windows-1252' as const };
  const head = wholeLines(bytes, HEAD_BYTES);
  const { rows, separator } = await parseCsv(head, path, { ...encoding, separator: asked });
  const cells = separator === ',' ? [] : rows.flat();
  const commas = cells.filter((cell) => cell.includes(',') && COMMA_NUMBER.test(cell));
  const points = cells.filter((cell) => /^[^\d.,]*\d+\.\d+[^\d.,]*$/.test(cell) && !THOUSANDS_BY_POINT.test(cell));
  // Where each comma has three digits behind it, it stands between thousands.
  const areDecimals = !commas.every((cell) => THOUSANDS_BY_COMMA.test(cell));
  return areDecimals && commas.length > points.length ? { ...encoding, decimal: ',' } : encoding;
}

const THOUSANDS_BY_COMMA = /^\D*[1-9]\d{0,2}(,\d{3})+\D*$/;
const THOUSANDS_BY_POINT = /^\D*[1-9]\d{0,2}(\.\d{3})+\D*$/;

function isUnicode(bytes: Uint8Array, path: string): boolean {
  try {
    decodeText(bytes, path);
    return true;
  } catch {
    // It is something else, which is said.
    return false;
  }
}

export function encodingName(bytes: Uint8Array, { encoding }: Found): string {
  if (encoding === 'windows-1252') return 'Windows-1252';
  return markedEncoding(bytes) ? 'UTF-16' : 'UTF-8';
}

export function formatNotes({ encoding, decimal }: Found): string[] {
  return [
    ...(encoding ? ['the file is no UTF-8: letters are read as Windows-1252 (Latin-1) has them'] : []),
    ...(decimal ? ['decimals are written with a comma'] : []),
  ];
}
