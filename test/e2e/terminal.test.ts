import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
/** `script`, of util-linux, gives a command a terminal. */
const hasTerminal = spawnSync('script', ['--version']).status === 0;

const PATIENCE_MS = 40_000;

/** What a command writes to its terminal until it has written this. */
function onTerminal(command: string, until: string): Promise<string> {
  const inside = `exec ${process.execPath} ${main} ${command}`;
  const child = spawn('script', ['--quiet', '--flush', '--command', inside, '/dev/null'], { timeout: PATIENCE_MS });
  return new Promise((resolve, reject) => {
    let output = '';
    let isOver = false;
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (isOver || !output.includes(until)) return;
      isOver = true;
      child.stdin.write('\u0003');
    });
    child.on('error', reject);
    child.on('close', () => resolve(output));
  });
}

describe.skipIf(!hasTerminal)('on a terminal', () => {
  it('a server says where to join before anybody has', async () => {
    const said = await onTerminal('serve --port 0 --task mnist-mlp', 'look at the run');
    expect(said).toMatch(
      /serving 'mnist-mlp' at ws:[^]*join in a browser: http:\S+\/join[^]*█[^]*look at the run: http:/,
    );
  });

  it('a simulation says after its end that the dashboard stays', async () => {
    const flags = '--task mnist-mlp --clients 1 --steps 2 --limit 100 --dashboard --keep';
    const said = await onTerminal(`simulate ${flags}`, 'stays until Ctrl-C');
    expect(said).toMatch(/test accuracy[^]*stays until Ctrl-C/);
  });
});
