import { TandemError } from '../errors.js';

/**
 * The text of a file: UTF-8, or UTF-16 where it begins with a mark that says so; the mark itself is no text. Throws
 * BAD_DATA with the line where it is neither, since to guess another encoding is to change letters.
 */
export function decodeText(bytes: Uint8Array, source: string): string {
  const utf16 = markedEncoding(bytes);
  try {
    const text = new TextDecoder(utf16 ?? 'utf-8', { fatal: true }).decode(bytes);
    if (utf16 === undefined && text.includes('\0')) throw noText(bytes, source);
    return text;
  } catch (error) {
    if (error instanceof TandemError) throw error;
    const line = utf16 ? '' : `, line ${firstBrokenLine(bytes)}`;
    throw new TandemError('BAD_DATA', `${source}${line}: it is not ${utf16 ?? 'UTF-8'} text`, 'save the file as UTF-8');
  }
}

/** UTF-16 that begins with a mark which says so. */
export function markedEncoding([first, second]: Uint8Array): 'utf-16le' | 'utf-16be' | undefined {
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  return first === 0xfe && second === 0xff ? 'utf-16be' : undefined;
}

/** The lines that end within the first `most` bytes, or all of these where none does. */
export function wholeLines(bytes: Uint8Array, most: number): Uint8Array {
  const utf16 = markedEncoding(bytes);
  if (utf16 === undefined) return bytes.subarray(0, bytes.lastIndexOf(0x0a, most - 1) + 1 || most);
  const [high, low] = utf16 === 'utf-16le' ? [1, 0] : [0, 1];
  let end = 2 * Math.floor(Math.min(most, bytes.length) / 2);
  const all = end;
  while (end > 0 && !(bytes[end - 2 + low] === 0x0a && bytes[end - 2 + high] === 0)) end -= 2;
  return bytes.subarray(0, end || all);
}

/** Bytes of zero stand in no text but UTF-16. */
export function holdsZeros(bytes: Uint8Array): boolean {
  return markedEncoding(bytes) === undefined && bytes.includes(0);
}

/** What a file is that is no text, by how it begins. */
export function noText(bytes: Uint8Array, source: string): TandemError {
  const start = new TextDecoder('latin1').decode(bytes.subarray(0, 4));
  const what = start.startsWith('PK')
    ? 'it is no text but a ZIP archive or a spreadsheet (.xlsx, .ods)'
    : start === 'PAR1'
      ? 'it is no text but a Parquet file'
      : 'it is no text, or UTF-16 without the mark that says so';
  return new TandemError('BAD_DATA', `${source}: ${what}`, 'save it as CSV, in UTF-8');
}

/** What Windows has long written in western Europe, Latin-1 among it. Any bytes are such text, so it has to be said, or seen by somebody. */
export function decodeWindows(bytes: Uint8Array): string {
  return mendWindows(new TextDecoder('windows-1252').decode(bytes));
}

/** The letters of the bytes 0x80 to 0x9F, in their order; five of them have none. */
const WINDOWS =
  '\u20AC\x81\u201A\u0192\u201E\u2026\u2020\u2021\u02C6\u2030\u0160\u2039\u0152\x8D\u017D\x8F' +
  '\x90\u2018\u2019\u201C\u201D\u2022\u2013\u2014\u02DC\u2122\u0161\u203A\u0153\x9D\u017E\u0178';

/** Node decodes Windows-1252 as Latin-1, which has no euro there and no dashes; browsers do not. */
export function mendWindows(text: string): string {
  return text.replace(/[\x80-\x9f]/g, (letter) => WINDOWS[letter.charCodeAt(0) - 0x80] ?? letter);
}

/** What a JSON file of a person's holds. Throws BAD_DATA. */
export function decodeJson(bytes: Uint8Array, source: string): unknown {
  const text = decodeText(bytes, source);
  try {
    return JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new TandemError('BAD_DATA', `${source} is no JSON: ${why}`, 'correct the file');
  }
}

/** The line, from 1, that holds the first bytes which are no UTF-8; a line break is never part of a longer letter. */
function firstBrokenLine(bytes: Uint8Array): number {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let line = 1;
  for (let start = 0; start < bytes.length; line++) {
    const found = bytes.indexOf(0x0a, start);
    const end = found < 0 ? bytes.length : found + 1;
    try {
      decoder.decode(bytes.subarray(start, end));
    } catch {
      // This is the line that was looked for.
      return line;
    }
    start = end;
  }
  return line;
}
