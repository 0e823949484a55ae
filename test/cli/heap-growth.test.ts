import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const splitRun = fileURLToPath(new URL('../../dist/bench/split-run.js', import.meta.url));

/** How often a server and a client collect their whole heap in 1,000 steps. */
function collections(...flags: string[]): number {
  const args = ['--trace-gc', ...flags, splitRun, 'mlp', '1000', 'onnx'];
  return execFileSync(process.execPath, args, { encoding: 'utf8' }).split('Mark-Compact').length - 1;
}

it('lets buffers that die young pass without collecting all the rest again and again', () => {
  const [asCommands, asNode] = [collections(), collections('--heap-growing-percent=0')];
  expect(asNode).toBeGreaterThan(10);
  expect(asCommands).toBeLessThan(asNode / 2);
}, 60_000);
