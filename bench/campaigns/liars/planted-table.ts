import { textTable } from '../../markdown.js';

/** A bug that was planted, and the first seed with which it was seen. */
export interface FoundBug {
  readonly kind: string;
  readonly module: string;
  readonly found: string | null;
}

/** What docs/security.md shows of a campaign against planted bugs. */
export function plantedTable(results: readonly FoundBug[], runs: number, date: string): string {
  const rows = results.map(({ kind, found }) => [kind, found === null ? 'not found' : `\`${found.split(':', 1)[0]}\``]);
  const count = results.filter(({ found }) => found !== null).length;
  return `${textTable([['planted bug', 'found with the seed'], ...rows])}\n\n${count} of ${results.length} were found, each within ${runs} runs. ${date}.`;
}
