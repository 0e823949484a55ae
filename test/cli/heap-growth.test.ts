import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const command = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** To how many times what is in use V8 lets the heap of a command grow, as V8 says itself when all is collected at the command's end. */
function growth(...flags: string[]): string[] {
  const collectAtTheEnd = "data:text/javascript,process.on('exit',()=>gc())";
  const args = ['--expose-gc', '--trace-gc-verbose', '--import', collectAtTheEnd, ...flags, command, '--version'];
  const said = execFileSync(process.execPath, args, { encoding: 'utf8' });
  return [...said.matchAll(/\[HeapController\] Limit: .* \((\d+\.\d)\)/g)].map(([, factor]) => factor ?? '');
}

it("lets the heap of a command grow to three times what is in use, and leaves a user's own flag alone", () => {
  const [asCommands, asTheUserSays] = [growth(), growth('--heap-growing-percent=50')];
  expect(asCommands.at(-1)).toBe('3.0');
  expect(asTheUserSays.at(-1)).toBe('1.5');
}, 60_000);
