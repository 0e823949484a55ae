import { largest } from '../shared/extremes.js';

/** How a command ends, for its help; a test holds docs/command-line.md to it. */
export const exitTable: readonly (readonly [code: string, when: string])[] = [
  ['0', 'success'],
  ['1', 'the run failed, or `verify` found a difference'],
  ['2', 'a flag or an option is wrong'],
  ['130', 'interrupted by Ctrl-C'],
  ['143, SIGTERM', 'interrupted by SIGTERM, and ended by it'],
  ['129, SIGHUP', 'the terminal has gone away'],
];

/** At the end of what `--help` prints. */
export function exitHelp(): string {
  const width = largest(exitTable.map(([code]) => code.length));
  const lines = exitTable.map(([code, when]) => `  ${code.padEnd(width)}  ${when.replaceAll('`', '')}`);
  return `\nExit codes:\n${lines.join('\n')}`;
}
