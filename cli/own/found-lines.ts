import { foldLine } from '../fold-line.js';
import type { Looked } from '../../client/node/own/looked.js';

const [WIDTH, INDENT] = [80, 13];
/** More columns are counted. */
const MOST_COLUMNS = 40;

/** What was found in data and decided, for a person to see before it is trained: no line is wider than a terminal. */
export function foundLines(name: string, { facts, columns, notes, split }: Looked, model: string): string[] {
  const shown = columns.slice(0, MOST_COLUMNS);
  const width = Math.min(
    20,
    shown.reduce((most, column) => Math.max(most, column.name.length), 0),
  );
  const kinds = shown.reduce((most, { what }) => Math.max(most, what.length), 0);
  return [
    `${name}   ${facts}`,
    ...shown.map(({ name: column, what, detail }) =>
      `  ${cut(column, width).padEnd(width)}  ${what.padEnd(kinds)}  ${detail}`.trimEnd(),
    ),
    ...(columns.length > shown.length ? [`  and ${columns.length - shown.length} more columns`] : []),
    ...notes.map((note) => `  ${note}`),
    `test share   ${split}`,
    `model        ${model}`,
  ].flatMap((line) => foldLine(line, WIDTH, INDENT));
}

function cut(text: string, width: number): string {
  return text.length > width ? `${text.slice(0, width - 1)}~` : text;
}
