import { COMMA_NUMBER, parseCsv } from '../../../shared/data/csv.js';
import type { TableSchema } from '../../../shared/data/table.js';
import { decodeText } from '../../../shared/data/text-file.js';

/** So much of a file is looked at for how its numbers are written. */
const HEAD_BYTES = 100_000;

export type Found = Pick<TableSchema, 'encoding' | 'decimal'>;

/** How the file is written, where that is not as usual: bytes that are no UTF-8, and commas where decimals have points. */
export async function formatOf(bytes: Uint8Array, path: string): Promise<Found> {
  const encoding = isUnicode(bytes, path) ? {} : { encoding: 'windows-1252' as const };
  const head = bytes.subarray(0, bytes.lastIndexOf(0x0a, HEAD_BYTES) + 1 || undefined);
  const { rows, separator } = await parseCsv(head, path, encoding);
  const cells = separator === ',' ? [] : rows.flat();
  const [commas, points] = [
    cells.filter((cell) => COMMA_NUMBER.test(cell)),
    cells.filter((cell) => /^\d+\.\d+$/.test(cell)),
  ];
  return commas.length > points.length ? { ...encoding, decimal: ',' } : encoding;
}

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
  return bytes[0] === 0xff || bytes[0] === 0xfe ? 'UTF-16' : 'UTF-8';
}

export function formatNotes({ encoding, decimal }: Found): string[] {
  return [
    ...(encoding ? ['the file is no UTF-8: letters are read as Windows-1252 (Latin-1) has them'] : []),
    ...(decimal ? ['decimals are written with a comma'] : []),
  ];
}
