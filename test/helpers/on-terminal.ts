import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
/** `script`, of util-linux, gives a command a terminal. */
export const hasTerminal = spawnSync('script', ['--version']).status === 0;

const PATIENCE_MS = 40_000;

export interface TerminalOptions {
  /** What the command is ended after; it ends by itself without. */
  readonly until?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** What a command writes to a terminal of 80 columns and 24 lines. */
export function onTerminal(command: string, { until, env = {}, cwd }: TerminalOptions = {}): Promise<string> {
  const inside = `stty cols 80 rows 24; exec ${process.execPath} ${main} ${command}`;
  const child = spawn('script', ['--quiet', '--flush', '--return', '--command', inside, '/dev/null'], {
    timeout: PATIENCE_MS,
    env: { ...process.env, ...env },
    cwd,
  });
  return new Promise((resolve, reject) => {
    let output = '';
    let isOver = false;
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (until === undefined || isOver || !output.includes(until)) return;
      isOver = true;
      child.stdin.write('\u0003');
    });
    child.on('error', reject);
    child.on('close', () => resolve(output));
  });
}

/** Sequences that move about and clear; a line that moves is drawn again and again in one place. */
const MOVES = /\u001b\[[0-9;?]*[A-LN-Za-ln-z]/g;
export const COLOURS = /\u001b\[[0-9;]*m/;

/** The lines of what stood on a terminal, without colours. */
export function linesOnTerminal(output: string): string[] {
  return output
    .replace(MOVES, '\n')
    .split(/[\r\n]+/)
    .map((line) => line.replace(new RegExp(COLOURS, 'g'), ''));
}
