import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { withPoint, type CsvFormat } from '../../../shared/data/csv.js';
import { BLANKS, cellsByBlanks } from '../../../shared/data/csv-lines.js';
import { markedEncoding, mendWindows } from '../../../shared/data/text-file.js';
import { TandemError } from '../../../shared/errors.js';
import { fileTrouble } from '../../../storage/file-trouble.js';

/** Some rows of a table, and the line of the file where each begins. */
export interface SomeRows {
  readonly rows: readonly (readonly string[])[];
  readonly lines: readonly number[];
  /** How much of the file has been read by now, from 0 to 1. */
  readonly share: number;
}

/** What comes of so little is gone again before memory is tidied up. */
const CHUNK_BYTES = 1 << 17;
/** A quote that is never closed would take the rest of the file. */
const MOST_LETTERS = 1 << 24;

/**
 * The rows of a CSV file as they come, however large it is: what `parseCsv` reads, some at a time. Throws CANNOT_READ, and BAD_DATA with
 * the line where it cannot be read or a row has another length than the first.
 */
export async function* streamCsv(path: string, format: CsvFormat): AsyncGenerator<SomeRows> {
  const cutter = new Cutter(path, format);
  let decoder: TextDecoder | undefined;
  let read = 0;
  try {
    const { size } = await stat(path);
    for await (const chunk of createReadStream(path, { highWaterMark: CHUNK_BYTES }) as AsyncIterable<Buffer>) {
      const encoding = markedEncoding(chunk) ?? format.encoding ?? 'utf-8';
      decoder ??= new TextDecoder(encoding, { fatal: true });
      const text = decoder.decode(chunk, { stream: true });
      const some = cutter.cut(decoder.encoding === 'windows-1252' ? mendWindows(text) : text, false);
      read += chunk.length;
      if (some.rows.length > 0) yield { ...some, share: read / Math.max(1, size) };
    }
    const last = cutter.cut(decoder?.decode() ?? '', true);
    if (last.rows.length > 0) yield { ...last, share: 1 };
  } catch (error) {
    if (error instanceof TandemError) throw error;
    if (error instanceof TypeError)
      throw new TandemError(
        'BAD_DATA',
        `${path}, after line ${cutter.line}: it is not UTF-8 text`,
        'save the file as UTF-8',
      );
    throw fileTrouble(error, 'read', { path, flag: '--data' });
  }
}

/** Cuts text into rows. Lines without a quote, which are nearly all, need no parser. */
class Cutter {
  /** The line that comes next. */
  line = 1;
  private rest = '';
  private width: number | undefined;
  private readonly separator: string;

  constructor(
    private readonly path: string,
    private readonly format: CsvFormat,
  ) {
    this.separator = format.separator ?? ',';
  }

  cut(text: string, isLast: boolean): Omit<SomeRows, 'share'> {
    const all = this.rest + text;
    // A line break may be one letter or two, which may come apart.
    const lines = (isLast || !all.endsWith('\r') ? all : all.slice(0, -1)).split(/\r\n|\n|\r/);
    const open = isLast ? '' : (lines.pop() ?? '') + (all.endsWith('\r') ? '\r' : '');
    const [rows, starts]: [string[][], number[]] = [[], []];
    this.rest = open;
    for (let i = 0; i < lines.length; i++) {
      let record = lines[i] ?? '';
      const start = this.line;
      let taken = 1;
      while (hasOpenQuote(record) && i + taken < lines.length) record += `\n${lines[i + taken++] ?? ''}`;
      if (hasOpenQuote(record) && !isLast) {
        // It goes on in what has not come yet.
        this.rest = `${record}\n${open}`;
        if (this.rest.length > MOST_LETTERS) throw this.bad(start, 'a quote is not closed', 'close it');
        break;
      }
      i += taken - 1;
      this.line += taken;
      const cells = this.cellsOf(record, start);
      if (!cells) continue;
      rows.push(cells);
      starts.push(start);
    }
    return { rows, lines: starts };
  }

  private cellsOf(record: string, line: number): string[] | undefined {
    const { comment, decimal } = this.format;
    const isComment = comment !== undefined && record.startsWith(comment);
    if (isComment || record.trim() === '') return undefined;
    const plain = record.charCodeAt(0) === 0xfeff ? record.slice(1) : record;
    const cells =
      plain.includes('"') && this.separator !== BLANKS
        ? this.quoted(plain, line)
        : this.separator === BLANKS
          ? cellsByBlanks(plain)
          : plain.split(this.separator).map((cell) => cell.trim());
    this.width ??= cells.length;
    if (cells.length !== this.width)
      throw this.bad(
        line,
        `it has ${cells.length} cells, the first line ${this.width}`,
        'correct the line, or use quotes',
      );
    return decimal === ',' ? cells.map(withPoint) : cells;
  }

  /** A record of which some cells are in quotes. */
  private quoted(record: string, line: number): string[] {
    const { separator } = this;
    const cells: string[] = [];
    for (let at = 0; at <= record.length; at++) {
      while (record[at] !== separator && /\s/.test(record[at] ?? '')) at++;
      if (record[at] !== '"') {
        const found = record.indexOf(separator, at);
        const end = found < 0 ? record.length : found;
        const cell = record.slice(at, end).trim();
        if (cell.includes('"')) throw this.bad(line, 'a quote opens within a cell', 'correct that line');
        cells.push(cell);
        at = end;
        continue;
      }
      let text = '';
      for (at++; ; at += 2) {
        const close = record.indexOf('"', at);
        if (close < 0) throw this.bad(line, 'a quote is not closed', 'close it');
        text += record.slice(at, close);
        at = close;
        if (record[close + 1] !== '"') break;
        // Two stand for one.
        text += '"';
      }
      cells.push(text);
      for (at++; record[at] !== separator && /\s/.test(record[at] ?? '');) at++;
      if (at < record.length && record[at] !== separator)
        throw this.bad(line, 'a quote closes before the end of a cell', 'correct that line');
    }
    return cells;
  }

  private bad(line: number, what: string, action: string): TandemError {
    return new TandemError('BAD_DATA', `${this.path}, line ${line}: ${what}`, action);
  }
}

/** Quotes within quotes stand twice, so that an odd number says that one is open. */
function hasOpenQuote(record: string): boolean {
  let count = 0;
  for (let at = record.indexOf('"'); at >= 0; at = record.indexOf('"', at + 1)) count++;
  return count % 2 === 1;
}
