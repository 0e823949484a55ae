import { TandemError } from '../errors.js';
import { BLANKS, rowsByLine } from './csv-lines.js';
import { decodeText, decodeWindows, wholeLines } from './text-file.js';

/** A table as text: rows of cells, and the line of the file where each begins, as an editor counts lines. */
export interface TextTable {
  readonly rows: readonly (readonly string[])[];
  readonly lines: readonly number[];
  /** What was found to separate cells. */
  readonly separator: string;
  /** What lines begin with that were left out as remarks, where nobody had said so. */
  readonly remarks?: string;
}

/** Others are not guessed. */
export const encodings = ['utf-8', 'windows-1252'] as const;
export type Encoding = (typeof encodings)[number];

export const decimals = ['.', ','] as const;
export type Decimal = (typeof decimals)[number];

export interface CsvFormat {
  /** Lines that begin with this are left out. */
  readonly comment?: string | undefined;
  /** What the file's bytes are; UTF-8 or UTF-16 by default. */
  readonly encoding?: Encoding | undefined;
  /** What decimals are written with; a point by default. */
  readonly decimal?: Decimal | undefined;
  /** What separates cells; by default the one of `,` `;` tab, `|` and blanks that the file can be read with. */
  readonly separator?: string | undefined;
}

type Parser = typeof import('csv-parse/browser/esm/sync');

const SEPARATORS = [',', ';', '\t', '|'];
/** So much is looked at for remarks above a table. */
const REMARK_LETTERS = 10_000;
const BREAK = /\r\n|\r|\n/g;

/**
 * Reads a CSV file: the one reader of Node and of tabs. Blanks around cells that are not in quotes do not count, empty lines
 * neither, nor lines like a first one that is a remark. Throws BAD_DATA with the line where a quote is not closed, a row has more or fewer cells than the first, or
 * more than one separator would do.
 */
export async function parseCsv(bytes: Uint8Array, source: string, format: CsvFormat = {}): Promise<TextTable> {
  // The parser is loaded when it is needed; a page that reads no table goes without.
  const { parse } = await import('csv-parse/browser/esm/sync');
  const text = format.encoding === 'windows-1252' ? decodeWindows(bytes) : decodeText(bytes, source);
  const remarks = format.comment === undefined ? remarkMark(text) : undefined;
  const comment = format.comment ?? remarks;
  const separator = format.separator ?? findSeparator(parse, text, source, comment);
  const { rows, lines, trouble } = cut(parse, text, separator, comment);
  if (trouble) throw new TandemError('BAD_DATA', `${source} cannot be read as CSV: ${trouble}`, 'correct that line');
  const width = rows[0]?.length ?? 0;
  const ragged = rows.findIndex((cells) => cells.length !== width);
  if (ragged < 0) {
    const cells = format.decimal === ',' ? rows.map((row) => row.map(withPoint)) : rows;
    return { rows: cells, lines, separator, ...(remarks === undefined ? {} : { remarks }) };
  }
  throw new TandemError(
    'BAD_DATA',
    `${source}, line ${lines[ragged] ?? 0}: it has ${rows[ragged]?.length ?? 0} cells, the first line ${width}`,
    `correct the line, or put cells that hold ${nameOf(separator)} in quotes`,
  );
}

/** What is said where lines were left out as remarks. */
export function remarkNotes({ remarks }: Pick<TextTable, 'remarks'>): string[] {
  return remarks === undefined ? [] : [`lines that begin with '${remarks}', as the first one does, are left out`];
}

/** What the first line begins with where it stands above the table and is no row of it: no separator cuts it as it cuts the line below. */
function remarkMark(text: string): string | undefined {
  const lines = text.slice(0, REMARK_LETTERS).split(BREAK);
  const first = lines.find((line) => line.trim() !== '') ?? '';
  const mark = /^[|#%]/.exec(first)?.[0];
  const below = mark === undefined ? undefined : lines.find((line) => line.trim() !== '' && !line.startsWith(mark));
  if (below === undefined) return undefined;
  const cuts = SEPARATORS.filter((separator) => below.includes(separator));
  const isRow = cuts.some((separator) => first.split(separator).length === below.split(separator).length);
  return cuts.length > 0 && !isRow ? mark : undefined;
}

/** Digits, a comma and digits, as most of Europe writes numbers, with points between thousands; a currency or a percent sign may stand beside them. */
export const COMMA_NUMBER = /^([^\d.,]{0,4})(\d{1,3}(?:\.\d{3})+|\d+)(?:,(\d+))?([^\d.,]{0,4})$/;

/** A number that is written with a comma, with a point; all else as it is. */
export function withPoint(cell: string): string {
  const [, before = '', whole = '', part, after = ''] = COMMA_NUMBER.exec(cell) ?? [];
  if (whole === '' || (part === undefined && !whole.includes('.'))) return cell;
  return `${before}${whole.replaceAll('.', '')}${part === undefined ? '' : `.${part}`}${after}`;
}

/** The names in the first line of a table, of which `head` are the first bytes. Throws BAD_DATA. */
export async function csvColumns(head: Uint8Array, source: string): Promise<readonly string[]> {
  const { parse } = await import('csv-parse/browser/esm/sync');
  // What comes after the last whole line may be half a letter.
  const text = decodeText(wholeLines(head, head.length), source);
  const separator = findSeparator(parse, text, source, undefined);
  return cut(parse, text, separator, undefined, 1).rows[0] ?? [];
}

/** How a person calls a separator. */
export function nameOf(separator: string): string {
  return separator === '\t' ? 'a tab' : separator === BLANKS ? 'blanks' : `'${separator}'`;
}

interface Cut {
  readonly rows: string[][];
  readonly lines: number[];
  readonly trouble: string | null;
}

function cut(parse: Parser['parse'], text: string, separator: string, comment: string | undefined, to = -1): Cut {
  // Most files have no quotes, and blanks are no separator that the parser knows.
  if (separator === BLANKS || !text.includes('"'))
    return { ...rowsByLine(text, separator, comment, to < 0 ? Infinity : to), trouble: null };
  const rows: string[][] = [];
  const lines: number[] = [];
  let line = 1;
  const skipped = (raw: string) => blank(comment).exec(raw)?.[0] ?? '';
  const take = ({ record, raw }: { readonly record: string[]; readonly raw: string }) => {
    rows.push(record);
    lines.push(line + breaks(skipped(raw)));
    line += breaks(raw);
    return null;
  };
  try {
    parse(text, {
      delimiter: separator,
      // Files that were put together of others have more than one kind of line end.
      record_delimiter: ['\r\n', '\n', '\r'],
      trim: true,
      skip_empty_lines: true,
      relax_column_count: true,
      raw: true,
      on_record: take as never,
      ...(comment === undefined ? {} : { comment, comment_no_infix: true }),
      ...(to < 0 ? {} : { to }),
    });
    return { rows, lines, trouble: null };
  } catch (error) {
    const { code } = error as { readonly code?: string };
    // What the parser counts as lines is not what an editor does.
    const place = `line ${line + breaks(skipped(restOf(text, line)))}`;
    if (code === 'CSV_QUOTE_NOT_CLOSED') return { rows, lines, trouble: `${place}: a quote is not closed` };
    if (code === 'INVALID_OPENING_QUOTE') return { rows, lines, trouble: `${place}: a quote opens within a cell` };
    if (code === 'CSV_INVALID_CLOSING_QUOTE')
      return { rows, lines, trouble: `${place}: a quote closes before the end of a cell` };
    return { rows, lines, trouble: error instanceof Error ? error.message : String(error) };
  }
}

/** The separator with which all rows are as long as the first, of those that the first one holds. */
function findSeparator(parse: Parser['parse'], text: string, source: string, comment: string | undefined): string {
  const widthWith = (separator: string) => cut(parse, text, separator, comment, 1).rows[0]?.length ?? 0;
  const possible = SEPARATORS.filter((separator) => widthWith(separator) > 1);
  const isEven = (separator: string) => {
    const { rows, trouble } = cut(parse, text, separator, comment);
    return trouble === null && rows.every((cells) => cells.length === rows[0]?.length);
  };
  if (possible.length === 0) return widthWith(BLANKS) > 1 && isEven(BLANKS) ? BLANKS : ',';
  if (possible.length === 1) return possible[0] ?? ',';
  const even = possible.filter(isEven);
  if (even.length === 1) return even[0] ?? ',';
  const names = (even.length > 0 ? even : possible).map(nameOf).join(' or ');
  throw new TandemError(
    'BAD_DATA',
    `${source}: its cells may be separated by ${names}`,
    'say which: --separator, or separator in its schema (docs/tasks.md)',
  );
}

/** Empty lines and comments before a row. */
function blank(comment: string | undefined): RegExp {
  const end = '(?:\\r\\n|\\r|\\n)';
  const comments = comment === undefined ? '' : `|${comment.replace(/[^\w\s]/g, '\\$&')}[^\\r\\n]*${end}`;
  return new RegExp(`^(?:[ \\t]*${end}${comments})*`);
}

function breaks(text: string): number {
  return text.match(BREAK)?.length ?? 0;
}

function restOf(text: string, line: number): string {
  let at = 0;
  const each = new RegExp(BREAK);
  for (let passed = 1; passed < line && each.exec(text); passed++) at = each.lastIndex;
  return text.slice(at);
}
