import { refusals, type Refusal } from '../shared/refusals.js';
import { writeSection } from './markdown.js';

const signals = '130; 143 and 129 by signal';

/** The rows of docs/errors.md: of what a person can cause, or of what only a program that breaks the rules can. */
export function errorTable(ofPrograms: boolean): string {
  const rows = Object.entries<Refusal>(refusals).filter(([, row]) => (row.ofPrograms ?? false) === ofPrograms);
  const cells = rows.map(([code, { close, retryable, what, action, exit = 1 }]) => [
    `\`${code}\``,
    sentence(what),
    sentence(action),
    code === 'CANCELLED' ? signals : String(exit),
    String(close),
    retryable ? 'yes' : 'no',
  ]);
  return table([['code', 'what happened', 'what to do', 'exit code', 'close status', 'again'], ...cells]);
}

/** Writes both tables. */
export async function writeErrorTables(page: URL): Promise<void> {
  await writeSection(page, 'errors:people', errorTable(false));
  await writeSection(page, 'errors:programs', errorTable(true));
}

function sentence(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

/** Padded as prettier does. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, i) => rows.reduce((most, row) => Math.max(most, row[i]?.length ?? 0), 3));
  const line = (cells: readonly string[]) => `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`;
  const [head = [], ...body] = rows.map(line);
  return [head, `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...body].join('\n');
}
