/** Cells are apart by one blank or tab or more. */
export const BLANKS = ' ';

/** The cells of a line in which blanks separate them; those in quotes may hold some. */
export function cellsByBlanks(line: string): string[] {
  const cells = line.match(/"(?:[^"]|"")*"|[^ \t]+/g) ?? [];
  return cells.map((cell) => (/^".*"$/s.test(cell) ? cell.slice(1, -1).replaceAll('""', '"') : cell));
}

/**
 * The rows of a text in which no cell goes over lines, which a parser would read letter by letter: up to `most` of them, with the line
 * where each stands.
 */
export function rowsByLine(
  text: string,
  separator: string,
  comment: string | undefined,
  most = Infinity,
): { readonly rows: string[][]; readonly lines: number[] } {
  const [rows, places]: [string[][], number[]] = [[], []];
  const lines = text.split(/\r\n|\n|\r/);
  for (let i = 0; i < lines.length && rows.length < most; i++) {
    const line = lines[i] ?? '';
    if ((comment !== undefined && line.startsWith(comment)) || line.trim() === '') continue;
    rows.push(separator === BLANKS ? cellsByBlanks(line) : line.split(separator).map((cell) => cell.trim()));
    places.push(i + 1);
  }
  return { rows, lines: places };
}
