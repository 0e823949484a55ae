import { TandemError } from '../errors.js';

/**
 * The text of a file: UTF-8, or UTF-16 where it begins with a mark that says so; the mark itself is no text. Throws
 * BAD_DATA with the line where it is neither, since to guess another encoding is to change letters.
 */
export function decodeText(bytes: Uint8Array, source: string): string {
  const [first, second] = bytes;
  const utf16 = first === 0xff && second === 0xfe ? 'utf-16le' : first === 0xfe && second === 0xff ? 'utf-16be' : null;
  try {
    return new TextDecoder(utf16 ?? 'utf-8', { fatal: true }).decode(bytes);
  } catch {
    const line = utf16 ? '' : `, line ${firstBrokenLine(bytes)}`;
    throw new TandemError('BAD_DATA', `${source}${line}: it is not ${utf16 ?? 'UTF-8'} text`, 'save the file as UTF-8');
  }
}

/** What Windows has long written in western Europe, Latin-1 among it. Any bytes are such text, so it has to be said, or seen by somebody. */
export function decodeWindows(bytes: Uint8Array): string {
  return new TextDecoder('windows-1252').decode(bytes);
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
