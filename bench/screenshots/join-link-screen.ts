import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { TerminalScreen, type Line } from '../terminal-screen.js';

const COLUMNS = 90;
const command = fileURLToPath(new URL('../../cli/main.js', import.meta.url));
const LAST = 'look at the run';
const SERVE = '--task mnist --clients 4 --offer-data mnist';

/** What a terminal shows when a server waits for its clients, drawn from a real one: `script` gives it a terminal. */
export function joinLinkScreen(): Promise<readonly Line[]> {
  const inside = `stty cols ${COLUMNS}; exec ${process.execPath} ${command} serve ${SERVE}`;
  const child = spawn('script', ['--quiet', '--flush', '--command', inside, '/dev/null'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  return new Promise((resolve, reject) => {
    let output = '';
    let isOver = false;
    child.on('error', reject);
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (isOver || !output.includes(LAST)) return;
      isOver = true;
      child.stdin.write('\u0003');
    });
    child.on('close', () => {
      if (!isOver) return reject(new Error(`tandem serve did not come up: ${output}`));
      const screen = new TerminalScreen(COLUMNS);
      screen.write(`$ npx tandem serve ${SERVE}\r\n${output.slice(0, endOfLine(output, LAST))}`);
      resolve(screen.text);
    });
  });
}

function endOfLine(text: string, of: string): number {
  const at = text.indexOf('\r', text.indexOf(of));
  return at < 0 ? text.length : at;
}
