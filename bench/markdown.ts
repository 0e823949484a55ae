import { readFile, writeFile } from 'node:fs/promises';

/**
 * Replaces what stands between a page's markers for `name`, so that figures in the docs are generated, never typed. Throws where one of them
 * is none: the page keeps what it has.
 */
export async function writeSection(page: URL, name: string, content: string): Promise<void> {
  const odd = /(?<!`)\b(NaN|Infinity|undefined)\b(?=\s*(\||%|[a-zA-Z]?B\b|m?s\b|x\b|samples|$))/m.exec(content);
  if (odd) throw new Error(`${name} would hold ${odd[0]}: nothing is written`);
  await writeFile(page, inSection(await readFile(page, 'utf8'), name, content));
}

/** A page with other content between its markers for `name`. */
export function inSection(page: string, name: string, content: string): string {
  const [begin, end] = [`<!-- ${name} begin -->`, `<!-- ${name} end -->`];
  const [before, rest] = page.split(begin);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined) throw new Error(`the page lacks the markers of ${name}`);
  return `${before}${begin}\n\n${content}\n\n${end}${after}`;
}

/** The first row is the head; the first column is text, the others are numbers. Padded as prettier does. */
export function markdownTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(3, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const padded = rows.map((row) =>
    line(row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))),
  );
  const rule = line(widths.map((width, i) => (i === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)));
  return [padded[0], rule, ...padded.slice(1)].join('\n');
}

/** The first row is the head; all columns are text. Padded as prettier does. */
export function textTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, i) => rows.reduce((most, row) => Math.max(most, row[i]?.length ?? 0), 3));
  const line = (cells: readonly string[]) => `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`;
  const [head = [], ...body] = rows.map(line);
  return [head, `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...body].join('\n');
}
