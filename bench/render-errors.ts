import { refusals, type Refusal } from '../shared/refusals.js';
import { textTable, writeSection } from './markdown.js';

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
  return textTable([['code', 'what happened', 'what to do', 'exit code', 'close status', 'again'], ...cells]);
}

/** Writes both tables. */
export async function writeErrorTables(page: URL): Promise<void> {
  await writeSection(page, 'errors:people', errorTable(false));
  await writeSection(page, 'errors:programs', errorTable(true));
}

function sentence(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
